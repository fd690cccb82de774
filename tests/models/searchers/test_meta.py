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


def batch() -> dict[str, Any]:
    labels = [
        DataSample().set_gt_label(torch.zeros(1, dtype=torch.long, device='meta')) for _ in range(4)
    ]
    return {'inputs': torch.empty(4, 3, 8, 8, device='meta'), 'data_samples': labels}


@pytest.mark.parametrize('mixed_op', [None, PARTIAL], ids=['full', 'partial'])
@pytest.mark.parametrize('update', ['FirstOrderUpdate', 'UnrolledUpdate'])
@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
def test_a_step_waits_for_no_value(space: str, engine: str, update: str, mixed_op: Any) -> None:
    model = searcher(engine, space, mixed_op, {'type': update}).to('meta')
    wrappers = BilevelOptimWrapperConstructor(OPTIMIZERS)(model)
    for _ in range(2):  # the second has buffers of momentum
        logs = model.train_step((batch(), batch()), wrappers)
    assert {value.device.type for value in logs.values()} == {'meta'}
    found = [*model.arch_step.alpha_grads.values(), *model.arch_step.op_weight_grads.values()]
    assert {grad.device.type for grad in found} == {'meta'}
