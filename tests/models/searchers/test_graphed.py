"""The passes of a step as CUDA graphs: the same numbers as without, and refusals."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.errors import InvalidValueError
from ostrdet.models.searchers import graphed
from tests.models.searchers.test_engines import OPTIMIZERS, PARTIAL, make_batch, searcher

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')


def state_after(steps: int, device: str, **keys: Any) -> dict[str, Tensor]:
    """What the searcher holds after some steps, the gradients of the last among it."""
    model = searcher('fast', 'NASBench201Space', keys.pop('mixed_op', None), {}, **keys).to(device)
    wrappers = BilevelOptimWrapperConstructor(OPTIMIZERS)(model)
    losses = []
    for step in range(steps):
        logs = model.train_step((make_batch(2 * step), make_batch(2 * step + 1)), wrappers)
        losses += logs.values()
    grads = model.arch_step.op_weight_grads
    return {**model.state_dict(), **grads, 'losses': torch.stack(losses)}


def not_recorded(run: Callable[..., Tensor], samples: Any, **_: Any) -> Callable[..., Tensor]:
    """In place of the recording, which needs a GPU; runs as often as it, and gives what it was given."""
    for _ in range(3):
        run(*samples)
    return run


@pytest.mark.parametrize('mixed_op', [None, PARTIAL], ids=['full', 'partial'])
def test_a_step_of_recorded_passes_is_the_same_step(
    mixed_op: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'make_graphed_callables', not_recorded)
    monkeypatch.setattr(graphed, '_check_one_gpu', lambda *args: None)
    expected = state_after(3, 'cpu', mixed_op=mixed_op)
    actual = state_after(3, 'cpu', mixed_op=mixed_op, cuda_graphs=True)
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


@needs_gpu
@pytest.mark.parametrize('mixed_op', [None, PARTIAL], ids=['full', 'partial'])
def test_replayed_steps_are_those_of_the_network(mixed_op: Any) -> None:
    expected = state_after(4, 'cuda', mixed_op=mixed_op)
    actual = state_after(4, 'cuda', mixed_op=mixed_op, cuda_graphs=True)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


def test_a_cpu_has_no_graphs() -> None:
    with pytest.raises(InvalidValueError, match=r"needs one GPU, .* on the device 'cpu'"):
        state_after(1, 'cpu', cuda_graphs=True)


def test_graphs_compute_the_same_candidates_in_every_step() -> None:
    hard = {'type': 'GumbelWeighting', 'hard': True}
    with pytest.raises(InvalidValueError, match=r'model\.cuda_graphs=True: GumbelWeighting draws'):
        state_after(1, 'cpu', cuda_graphs=True, **hard)
