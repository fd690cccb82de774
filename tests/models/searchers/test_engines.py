"""Search steps by both engines of the supernet, and what they leave behind."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from mmpretrain.structures import DataSample

from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.registry import MODELS

pytestmark = pytest.mark.usefixtures('float64')

OPTIMIZERS = {
    'weights': {'optimizer': {'type': 'SGD', 'lr': 0.025, 'momentum': 0.9, 'weight_decay': 3e-4}},
    'arch': {'optimizer': {'type': 'Adam', 'lr': 3e-4}},
}
UPDATES = [
    {'type': 'FirstOrderUpdate'},
    {'type': 'UnrolledUpdate', 'hvp': 'finite_difference'},
    {'type': 'UnrolledUpdate', 'hvp': 'exact'},
    {'type': 'ImplicitUpdate'},
]
PARTIAL = {'type': 'PartialChannelMixedOp', 'k': 2}


def make_batch(seed: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(4, 3, 8, 8, generator=generator)
    return {'inputs': images, 'data_samples': [DataSample().set_gt_label(i % 3) for i in range(4)]}


def searcher(
    engine: str,
    space: str,
    mixed_op: Any,
    update: dict[str, Any],
    with_cp: bool = False,
    cuda_graphs: bool = False,
    **weighting: Any,
) -> BilevelSearcher:
    torch.manual_seed(0)
    supernet = {
        'type': 'Supernet',
        'space': {'type': space, 'num_nodes': 2},
        'channels': 4,
        'num_cells': 1,
        'num_classes': 3,
        'mixed_op': mixed_op,
        'engine': engine,
        'with_cp': with_cp,
    }
    config = {
        'type': 'BilevelSearcher',
        'supernet': supernet,
        'weighting': {
            'type': 'SoftmaxWeighting',
            'edge_norm': mixed_op is not None,
            **weighting,
        },
        'arch_update': update,
        'cuda_graphs': cuda_graphs,
    }
    return MODELS.build(config).train()


@pytest.mark.parametrize('mixed_op', [None, PARTIAL])
@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
@pytest.mark.parametrize('update', UPDATES, ids=lambda u: u.get('hvp', 'first_order'))
def test_steps_agree(update: dict[str, Any], space: str, mixed_op: Any) -> None:
    plain, fast = (searcher(engine, space, mixed_op, update) for engine in ('plain', 'fast'))
    check_steps(plain, fast, rtol=1e-6 if update.get('hvp') == 'finite_difference' else 1e-8)


@pytest.mark.parametrize('mixed_op', [None, PARTIAL])
@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
@pytest.mark.parametrize('update', UPDATES, ids=lambda u: u.get('hvp', 'first_order'))
@pytest.mark.parametrize('hard', [False, True])
def test_steps_of_draws_agree(
    hard: bool, update: dict[str, Any], space: str, mixed_op: Any
) -> None:
    drawn = {'type': 'GumbelWeighting', 'hard': hard, 'tau': 2.0}
    plain, fast = (searcher(e, space, mixed_op, update, **drawn) for e in ('plain', 'fast'))
    check_steps(plain, fast, rtol=1e-5 if update.get('hvp') == 'finite_difference' else 1e-8)


@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('update', UPDATES, ids=lambda u: u.get('hvp', 'first_order'))
def test_cells_computed_anew_give_the_same_steps(update: dict[str, Any], engine: str) -> None:
    kept = searcher(engine, 'DARTSSpace', None, update)
    anew = searcher(engine, 'DARTSSpace', None, update, with_cp=True)
    check_steps(kept, anew, rtol=1e-10)


def check_steps(plain: BilevelSearcher, fast: BilevelSearcher, rtol: float) -> None:
    """Two steps of either, and what they leave behind."""
    for model in (plain, fast):
        wrappers = BilevelOptimWrapperConstructor(OPTIMIZERS)(model)
        for seed in (0, 2):
            model.draw_seed = seed
            model.train_step((make_batch(seed), make_batch(seed + 1)), wrappers)
    for name, grads in plain.arch_step.op_weight_grads.items():
        found = fast.arch_step.op_weight_grads[name]
        torch.testing.assert_close(found, grads, rtol=rtol, atol=rtol * grads.abs().max().item())
    torch.testing.assert_close(fast.state_dict(), plain.state_dict(), rtol=1e-7, atol=1e-9)


def test_checkpoints_are_exchangeable() -> None:
    plain, fast = (searcher(e, 'DARTSSpace', None, UPDATES[0]) for e in ('plain', 'fast'))
    fast.train_step(
        (make_batch(0), make_batch(1)), BilevelOptimWrapperConstructor(OPTIMIZERS)(fast)
    )
    plain.load_state_dict(deepcopy(fast.state_dict()))
    data = make_batch(3)
    torch.testing.assert_close(plain.eval()(**data), fast.eval()(**data))
