"""Stops a run before a non-finite number reaches a checkpoint."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer

from ostrdet.engine.checkpoint import latest_checkpoint
from ostrdet.errors import NonFiniteError
from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import HOOKS


class _Found(NamedTuple):
    """What was not finite just before a step: of which optimizer, in the model, and of its gradients."""

    optimizer: str
    tensor: str
    gradient: str

    def cause(self, losses: Mapping[str, Tensor]) -> str:
        """What the gradient comes from; ``losses`` are those of the iteration."""
        is_arch = self.optimizer == 'arch'  # a spoilt alpha spoils the loss of the weights after it
        own = {name: loss for name, loss in losses.items() if name.startswith('arch_') == is_arch}
        return self.tensor or first_bad(own) or self.gradient


@HOOKS.register_module()
class FiniteHook(Hook):
    """Looks at every iteration's losses, gradients, running statistics and alpha, and at all that is saved.

    Named is the first tensor of the model that is not finite, since it is the cause of all the rest;
    else the loss whose gradient is not; else that gradient. Gradients are looked at just before an
    optimizer uses them: those that a loss scaler drops, as it may now and then, are not.

    Raises:
        NonFiniteError: With the iteration, the tensor and the last good checkpoint.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._statistics: dict[str, Tensor] = {}
        self._found: _Found | None = None
        self._handles: list[Any] = []

    def before_train(self, runner: Runner) -> None:
        """Watch the steps of all optimizers."""
        model = unwrapped(runner.model)
        self._statistics, self._found = dict(model.named_buffers()), None
        for name, wrapper in _wrappers(runner).items():
            look = partial(self._look, name, model)
            self._handles.append(wrapper.optimizer.register_step_pre_hook(look))

    def _look(self, name: str, model: nn.Module, optimizer: Optimizer, *_: Any) -> None:
        # The step is taken all the same: only after the iteration is it known if the loss was finite
        if self._found is None and (gradient := _bad_gradient(optimizer, model)):
            self._found = _Found(name, first_bad(model.state_dict()), gradient)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Say what was not finite in this iteration."""
        losses = {name: torch.as_tensor(value) for name, value in (outputs or {}).items()}
        if self._found is not None:
            raise non_finite(self._found.cause(losses), runner)
        found = getattr(unwrapped(runner.model), 'alphas', {})
        alphas = {f'alphas.{name}': alpha for name, alpha in found.items()}
        if name := first_bad({**self._statistics, **losses, **alphas}):
            raise non_finite(name, runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Check the model and the optimizers that are about to be saved."""
        optimizers = dict(_tensors(checkpoint.get('optimizer'), 'optimizer'))
        if name := first_bad({**checkpoint['state_dict'], **optimizers}):
            raise non_finite(name, runner)

    def after_run(self, runner: Runner) -> None:
        """Stop watching, also after an error."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def non_finite(name: str, runner: Runner) -> NonFiniteError:
    """The error of a tensor ``name`` in the present iteration."""
    return NonFiniteError(
        f"'{name}' is not finite at iteration {runner.iter + 1} (epoch {runner.epoch + 1}); "
        f'{_mend(runner)} a lower {_optimizer_key(runner)}.optimizer.lr'
    )


def first_bad(tensors: Mapping[str, Tensor]) -> str:
    """The name of the first tensor that is not finite; '' if all are."""
    if _all_finite(tensors.values()):
        return ''
    return next((name for name, t in tensors.items() if not t.isfinite().all()), '')


def _all_finite(tensors: Iterable[Tensor]) -> bool:
    """By one number, so that a GPU is waited for once; False may also mean that it overflowed."""
    floats = [tensor.detach() for tensor in tensors if tensor.is_floating_point()]
    return bool(get_total_norm(floats).isfinite())


def _bad_gradient(optimizer: Optimizer, model: nn.Module) -> str:
    """The first gradient that is not finite, and how many more; clipping spreads a NaN to all."""
    used = [weight for group in optimizer.param_groups for weight in group['params']]
    if _all_finite(weight.grad for weight in used if weight.grad is not None):
        return ''
    names = {id(weight): name for name, weight in model.named_parameters()}
    grads = [(names[id(weight)], weight.grad) for weight in used if weight.grad is not None]
    bad = [name for name, grad in grads if not grad.isfinite().all()]
    more = f' and of {len(bad) - 1} more' if len(bad) > 1 else ''
    return f'gradient of {bad[0]}{more}' if bad else ''


def _tensors(node: Any, path: str) -> Iterator[tuple[str, Tensor]]:
    """All tensors of nested dicts and lists, by the path of keys."""
    if isinstance(node, Tensor):
        yield path, node
    children = node.items() if isinstance(node, Mapping) else ()
    for key, child in enumerate(node) if isinstance(node, list | tuple) else children:
        yield from _tensors(child, f'{path}.{key}')


def _wrappers(runner: Runner) -> dict[str, Any]:
    wrapper: Any = runner.optim_wrapper
    return dict(wrapper.items()) if isinstance(wrapper, OptimWrapperDict) else {'': wrapper}


def _mend(runner: Runner) -> str:
    found = latest_checkpoint(runner.work_dir)
    if found is None:
        return 'no checkpoint was written yet. Start anew with'
    return (
        f"the last good checkpoint is '{found}'. Go on from it with --resume and a smaller "
        f'{_optimizer_key(runner)}.clip_grad.max_norm, or'
    )


def _optimizer_key(runner: Runner) -> str:
    several = isinstance(runner.optim_wrapper, OptimWrapperDict)
    return 'optim_wrapper.weights' if several else 'optim_wrapper'
