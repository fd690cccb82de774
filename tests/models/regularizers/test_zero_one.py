"""The zero-one loss of FairDARTS: published numbers, its stationary point, and what it refuses."""

import pytest
import torch

from ostrdet.errors import InvalidValueError
from ostrdet.models.regularizers import ZeroOne
from ostrdet.models.weightings import SigmoidWeighting, SoftmaxWeighting

pytestmark = pytest.mark.usefixtures('float64')

ALPHA = [[0.0, 2.0, -1.0], [0.5, -0.5, 3.0]]


@pytest.mark.parametrize(
    ('norm', 'value', 'expected'),
    [
        (
            'l2',
            -0.07220173287015176,
            [
                [0.0, -0.13327083509358853, 0.151429579454914],
                [-0.0959279914205346, 0.09592799142053458, -0.06815262443490562],
            ],
        ),
        (
            'l1',
            -0.21822474097233827,
            [
                [0.0, -0.1749893090058444, 0.32768655540246977],
                [-0.3916728536693242, 0.3916728536693242, -0.07529443288485334],
            ],
        ),
    ],
)
def test_it_meets_the_numbers_of_fairdarts(
    norm: str, value: float, expected: list[list[float]]
) -> None:
    alphas_EO = torch.tensor(ALPHA, requires_grad=True)
    halves = {'normal': alphas_EO[:1], 'reduce': alphas_EO[1:]}  # one mean over both
    term = ZeroOne(norm=norm)(halves)
    assert term.item() == pytest.approx(value, rel=1e-12)
    (grad_EO,) = torch.autograd.grad(10 * term, alphas_EO)
    torch.testing.assert_close(grad_EO, torch.tensor(expected), rtol=1e-12, atol=1e-16)


def test_absent_candidates_do_not_count() -> None:
    alphas_EO = torch.tensor([[0.0, -torch.inf, 2.0, -1.0], [0.5, -0.5, -torch.inf, 3.0]])
    assert ZeroOne()({'cell': alphas_EO}).item() == pytest.approx(-0.07220173287015176, rel=1e-12)


def test_weights_that_compete_are_refused() -> None:
    ZeroOne().check_weighting(SigmoidWeighting())
    with pytest.raises(
        InvalidValueError, match='ZeroOne is made for SigmoidWeighting, got Softmax'
    ):
        ZeroOne().check_weighting(SoftmaxWeighting())
    with pytest.raises(InvalidValueError, match="norm='l3'"):
        ZeroOne(norm='l3')
