"""One path at a time: uniform, and nothing else is computed."""

import pytest
import torch

from ostrdet.models.perturbations import UniformPath
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.models.weightings import MixWeights
from ostrdet.structures.decisions import REMOVED, UNDECIDED
from tests.fixtures.product import OPTIMIZERS, batch


def drawn(p_EO: torch.Tensor, seed: int) -> MixWeights:
    mix, generator = {'cell': MixWeights(p_EO)}, torch.Generator().manual_seed(seed)
    return UniformPath()(mix, generator, lambda _: p_EO)['cell']


def test_draws_are_uniform_among_the_candidates_of_an_edge() -> None:
    p_EO = torch.tensor([[0.9, 0.05, 0.05, 0.0]]).repeat(9_000, 1)
    found = drawn(p_EO, seed=0)
    assert torch.equal(found.op_weights, found.active.float())
    assert torch.equal(found.op_weights.sum(-1), torch.ones(9_000))
    counts = found.op_weights.sum(0)
    assert counts[3] == 0
    assert (counts[:3] - 3_000).abs().max() < 4 * (9_000 * 2 / 9) ** 0.5


def test_a_step_of_the_weights_runs_one_operation_per_edge() -> None:
    from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor

    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    model = BilevelSearcher({**net, 'engine': 'plain'}, perturbation={'type': 'UniformPath'})
    calls: list[int] = []
    for edge, module in enumerate(model.supernet.skeleton.layers[0].edges):
        for op in module.candidates:
            op.register_forward_hook(lambda *_, edge=edge: calls.append(edge))
    alphas = [alpha.detach().clone() for alpha in model.arch_parameters]
    model.train_step((batch(1), None), BilevelOptimWrapperConstructor(OPTIMIZERS)(model))
    assert sorted(calls) == [0, 1, 2]
    assert all(torch.equal(*pair) for pair in zip(alphas, model.arch_parameters, strict=True))


def test_an_edge_without_candidates_stays_so_and_changes_no_other_draw() -> None:
    p_EO = torch.rand(200, 5, generator=torch.Generator().manual_seed(1)) + 0.1
    closed_EO = p_EO.clone()
    closed_EO[::3] = 0.0
    dense, found = drawn(p_EO, seed=2), drawn(closed_EO, seed=2)
    is_open_E1 = (closed_EO != 0).any(dim=-1, keepdim=True)
    assert torch.equal(found.active, dense.active & is_open_E1)
    assert torch.equal(found.op_weights, found.active.float())


def test_a_draw_of_open_edges_is_that_of_torch_to_the_bit() -> None:
    p_EO = (torch.arange(60).reshape(20, 3) % 4 != 0).float()  # every edge has two or three
    found = drawn(p_EO, seed=3)
    generator = torch.Generator().manual_seed(3)
    index_E = torch.multinomial((p_EO != 0).double(), 1, generator=generator).squeeze(-1)
    assert torch.equal(found.op_weights.argmax(dim=-1), index_E)


@pytest.mark.parametrize('engine', ['fast', 'plain'])
def test_a_step_goes_on_where_edges_were_removed(engine: str) -> None:
    from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor

    space = {'type': 'DARTSSpace', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 3, 'num_classes': 3}
    model = BilevelSearcher({**net, 'engine': engine}, perturbation={'type': 'UniformPath'})
    model.decide({name: [REMOVED, REMOVED, 4, UNDECIDED, REMOVED] for name in model.space.cells})
    logs = model.train_step((batch(1), None), BilevelOptimWrapperConstructor(OPTIMIZERS)(model))
    assert logs['loss'].isfinite()
