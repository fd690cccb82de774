"""The skip dropout of P-DARTS: published rates, what is dropped, and both engines."""

from typing import Any

import pytest
import torch
from torch import nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.mixed_ops import SkipDropoutMixedOp
from ostrdet.models.networks import Supernet
from ostrdet.models.weightings import MixWeights

pytestmark = pytest.mark.usefixtures('float64')

BN = {'type': 'BN', 'affine': False}
OPS = ('none', 'skip_connect', 'nor_conv_1x1')
SKIP = torch.tensor([0.0, 1.0, 0.0])


def edge(stride: int = 1, **arguments: Any) -> SkipDropoutMixedOp:
    return SkipDropoutMixedOp(OPS, 4, stride, BN, **arguments)


@pytest.mark.parametrize(
    ('start', 'expected'),
    [
        (0.4, {0: 0.384, 5: 0.304, 9: 0.24, 10: 0.4, 15: 0.14715177646857694}),
        (0.4, {24: 0.024324025050087184}),
        (0.7, {0: 0.672, 9: 0.42, 10: 0.7, 24: 0.042567043837652564}),
    ],
)
def test_the_rate_follows_the_published_numbers(start: float, expected: dict[int, float]) -> None:
    mixed = edge(rate=start, frozen_epochs=10)
    for epoch, rate in expected.items():
        mixed.set_progress(epoch, 25)
        assert mixed.rate == pytest.approx(rate, rel=1e-12)
        assert mixed.progress == {'rate': mixed.rate}
        assert [m.rate for m in mixed.modules() if type(m).__name__ == 'ElementDropout'] == [
            mixed.rate
        ]


def test_elements_of_the_identity_are_dropped_and_the_others_scaled() -> None:
    mixed = edge(rate=0.4, frozen_epochs=0)
    x = torch.randn(64, 4, 16, 16)
    y = mixed(x, SKIP)
    is_kept = y != 0
    torch.testing.assert_close(y[is_kept], x[is_kept] / 0.6)
    assert 1 - is_kept.double().mean() == pytest.approx(0.4, abs=0.005)
    per_image = is_kept.flatten(1).double().mean(dim=1)  # single elements, not whole images
    assert (per_image - 0.6).abs().max() < 0.1


def test_nothing_is_dropped_in_evaluation_at_zero_or_of_other_operations() -> None:
    x, conv = torch.randn(2, 4, 6, 6), torch.tensor([0.3, 0.0, 0.7])
    mixed = edge(rate=0.9, frozen_epochs=0)
    assert torch.equal(mixed(x, conv), 0.7 * mixed.candidates[2](x))
    assert torch.equal(mixed.eval()(x, SKIP), x)
    assert torch.equal(edge(rate=0.0)(x, SKIP), x)


def test_a_skip_with_weights_is_left_alone() -> None:
    mixed, x = edge(2, rate=0.9, frozen_epochs=0), torch.randn(2, 4, 6, 6)
    assert torch.equal(mixed(x, SKIP), mixed.candidates[1](x))


@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
def test_engines_agree_and_the_fast_one_knows_the_edges(
    space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draw is replaced, since the engines call in another order."""
    monkeypatch.setattr(
        'ostrdet.models.mixed_ops.skip_dropout.F.dropout', lambda x, rate: x.clamp_min(rate)
    )
    from ostrdet.models.networks import cell
    from ostrdet.models.searchers import BilevelSearcher
    from tests.models.searchers.test_engines import check_steps

    def make(engine: str) -> BilevelSearcher:
        torch.manual_seed(0)
        net: dict[str, Any] = {'type': 'Supernet', 'space': {'type': space, 'num_nodes': 2}}
        sizes = {'channels': 4, 'num_cells': 1, 'num_classes': 3, 'engine': engine}
        mixed_op = {'type': 'SkipDropoutMixedOp', 'rate': 0.4, 'frozen_epochs': 0}
        return BilevelSearcher({**net, **sizes, 'mixed_op': mixed_op}).train()

    check_steps(make('plain'), make('fast'), rtol=1e-8)

    def fail(*_: Any) -> None:
        raise AssertionError('an edge was computed the plain way')

    monkeypatch.setattr(cell.FastCell, 'plain_node', fail)
    searcher = make('fast')
    searcher(torch.randn(2, 3, 8, 8))


def test_a_rate_of_zero_is_the_plain_supernet() -> None:
    nets = []
    for mixed_op in ({'type': 'MixedOp'}, {'type': 'SkipDropoutMixedOp'}):
        torch.manual_seed(0)
        nets.append(Supernet({'type': 'NASBench201Space'}, 4, 1, 3, mixed_op=mixed_op))
    mix = {'cell': MixWeights(torch.rand(6, 5))}
    images = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(*(net(images, mix) for net in nets), rtol=1e-12, atol=1e-12)


def test_candidates_with_weights_keep_their_names() -> None:
    """So that checkpoints and derived networks fit as those of the plain relaxation do."""
    from ostrdet.models.mixed_ops import MixedOp

    plain: nn.Module = MixedOp(OPS, 4, 1, BN)
    assert list(edge(rate=0.4).state_dict()) == list(plain.state_dict())


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'rate': 1.0}, r'mixed_op\.rate=1\.0, expected a number in \[0, 1\)'),
        ({'rate': -0.1}, r'mixed_op\.rate=-0\.1'),
        ({'frozen_epochs': -1}, r'mixed_op\.frozen_epochs=-1'),
        ({'decay': -0.2}, r'mixed_op\.decay=-0\.2'),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        edge(**arguments)
