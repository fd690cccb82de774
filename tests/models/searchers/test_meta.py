"""A step on the device ``meta``, where a look at a value raises, and so does a tensor elsewhere."""

from typing import Any

import pytest
import torch
from mmpretrain.structures import DataSample

from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from tests.models.searchers.test_engines import PARTIAL, searcher

OPTIMIZERS = {
    'weights': {'optimizer': {'type': 'SGD', 'lr': 0.025, 'momentum': 0.9, 'weight_decay': 3e-4}},
    'arch': {'optimizer': {'type': 'Adam', 'lr': 3e-4, 'capturable': False}},
}


def made_from_numbers(*args: Any, **kwargs: Any) -> None:
    pytest.fail('a tensor was made from numbers of the host')


def batch() -> dict[str, Any]:
    labels = [
        DataSample().set_gt_label(torch.zeros(1, dtype=torch.long, device='meta')) for _ in range(4)
    ]
    return {'inputs': torch.empty(4, 3, 8, 8, device='meta'), 'data_samples': labels}


@pytest.mark.parametrize('mixed_op', [None, PARTIAL], ids=['full', 'partial'])
@pytest.mark.parametrize('update', ['FirstOrderUpdate', 'UnrolledUpdate'])
@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
def test_a_step_waits_for_no_value(
    space: str, engine: str, update: str, mixed_op: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = searcher(engine, space, mixed_op, {'type': update}).to('meta')
    wrappers = BilevelOptimWrapperConstructor(OPTIMIZERS)(model)
    steps = [(batch(), batch()) for _ in range(2)]
    model.train_step(steps[0], wrappers)
    # The second has buffers of momentum and all constants; to make one from numbers waits for a GPU
    for owner, name in ((torch, 'tensor'), (torch.Tensor, 'new_tensor')):
        monkeypatch.setattr(owner, name, made_from_numbers)
    logs = model.train_step(steps[1], wrappers)
    assert {value.device.type for value in logs.values()} == {'meta'}
    found = [*model.arch_step.alpha_grads.values(), *model.arch_step.op_weight_grads.values()]
    assert {grad.device.type for grad in found} == {'meta'}
