"""The gradient of the published code of GDAS: its numbers, in cells of both engines, and off by default."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Generator

from ostrdet.errors import InvalidValueError
from ostrdet.models.networks import Supernet
from ostrdet.models.networks.cell import with_added
from ostrdet.models.weightings import GumbelWeighting, MixWeights, gumbel
from ostrdet.structures import CellSpec

pytestmark = pytest.mark.usefixtures('float64')

SPEC = CellSpec(num_inputs=1, num_nodes=1, output=(1,))


def test_it_meets_the_numbers_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gumbel, 'gumbel', lambda *_: torch.tensor([[0.1, 0.9, -0.4]]))
    alphas_EO = torch.tensor([[0.3, -0.2, 0.1]], requires_grad=True)
    weighting = GumbelWeighting(tau=2.0, hard=True, public_code_gradient=True)
    mix = weighting(alphas_EO, None, SPEC, Generator().manual_seed(0))
    plain_D = mix.op_weights[0, 1] * torch.tensor([0.5, -1.0])
    feature_D = with_added(plain_D, [0], mix)
    assert torch.equal(feature_D, plain_D)
    loss = (feature_D - torch.tensor([0.2, 0.1])).square().sum() / 2
    (grad_EO,) = torch.autograd.grad(loss, alphas_EO)
    expected_EO = torch.tensor([[-0.14492969506517955, 0.24705992502417656, -0.10213022995899702]])
    torch.testing.assert_close(grad_EO, expected_EO, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize('engine', ['plain', 'fast'])
def test_candidates_that_do_not_run_have_the_gradient_of_a_feature_of_ones(engine: str) -> None:
    torch.manual_seed(0)
    space = {'type': 'NASBench201Space', 'num_nodes': 1, 'num_stages': 1}
    supernet = Supernet(space, 4, 2, 3, engine=engine)
    images, labels = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 0])
    states: list[torch.Tensor] = []
    for cell in supernet.skeleton.layers:  # the ReLU of the second tells shifted features apart
        cell.register_forward_hook(lambda module, given, state: states.append(state))
    active_EO = torch.tensor([[False, False, False, True, False]])

    def grads(is_public: bool) -> tuple[torch.Tensor, torch.Tensor]:
        states.clear()
        leaf = active_EO.double().requires_grad_()
        added_EO = ~active_EO if is_public else None
        logits = supernet(images, {'cell': MixWeights(leaf, None, active_EO, added_EO)})
        loss = torch.nn.functional.cross_entropy(logits, labels)
        found, *slopes = torch.autograd.grad(loss, [leaf, *states])
        return found[0], sum(slope.sum() for slope in slopes)

    (plain, _), (public, slope) = grads(False), grads(True)
    inactive = ~active_EO[0]
    assert not plain[inactive].any()
    assert torch.equal(plain[active_EO[0]], public[active_EO[0]])
    assert slope.abs() > 1e-3
    torch.testing.assert_close(public[inactive], slope.expand(4), rtol=1e-10, atol=0.0)


def test_it_is_off_by_default(step_of: Callable[..., Any]) -> None:
    hard = {'type': 'GumbelWeighting', 'hard': True}
    off = step_of(weighting={**hard, 'public_code_gradient': False})
    assert torch.equal(step_of(weighting=hard).alphas['cell'], off.alphas['cell'])
    for asked in (False, True):
        weighting = GumbelWeighting(hard=True, public_code_gradient=asked)
        mix = weighting(torch.zeros(1, 3), None, SPEC, Generator().manual_seed(0))
        assert (mix.added is not None) is asked


def test_soft_weights_have_none() -> None:
    with pytest.raises(InvalidValueError, match='soft weights compute all candidates'):
        GumbelWeighting(public_code_gradient=True)
