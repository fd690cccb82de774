"""One path at a time: uniform, and nothing else is computed."""

import torch

from ostrdet.models.perturbations import UniformPath
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.models.weightings import MixWeights
from tests.test_product import OPTIMIZERS, batch


def test_draws_are_uniform_among_the_candidates_of_an_edge() -> None:
    p_EO = torch.tensor([[0.9, 0.05, 0.05, 0.0]]).repeat(9_000, 1)
    mix = {'cell': MixWeights(p_EO)}
    found = UniformPath()(mix, torch.Generator().manual_seed(0), lambda _: p_EO)['cell']
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
