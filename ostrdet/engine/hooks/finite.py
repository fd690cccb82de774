"""Stops a run before a non-finite number reaches a checkpoint."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor
from torch.optim import Optimizer

from ostrdet.engine.checkpoint import latest_checkpoint
from ostrdet.errors import NonFiniteError
from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import HOOKS


class _Look:
    """Gradients just before a step, and values of the model; nothing is read of them yet.

    Args:
        optimizer: Its name.
        values: By name; they change later. At the first step of an iteration the whole model, then
            what the iteration has changed.
        grads: Of its weights, by name; they stay.
    """

    def __init__(
        self, optimizer: str, values: Mapping[str, Tensor], grads: Mapping[str, Tensor]
    ) -> None:
        self.optimizer, self.values, self.grads = optimizer, values, grads
        self.value_norms, self.grad_norms = _norms(values), _norms(grads)

    @property
    def norms(self) -> list[Tensor]:
        """A number per tensor, on its device."""
        return [*self.value_norms.values(), *self.grad_norms.values()]

    def bad_value(self) -> str:
        """The first tensor that was not finite then; '' for none. A norm alone may have overflowed."""
        suspects = (name for name, norm in self.value_norms.items() if not _finite(norm))
        return next((name for name in suspects if not _finite(self.values[name])), '')

    def bad_gradient(self) -> str:
        """The first gradient that is not finite, and how many more; clipping spreads a NaN to all."""
        bad = [name for name, grad in self.grads.items() if not _finite(grad)]
        more = f' and of {len(bad) - 1} more' if len(bad) > 1 else ''
        return f'gradient of {bad[0]}{more}' if bad else ''


@HOOKS.register_module()
class FiniteHook(Hook):
    """Looks at every iteration's losses, gradients, running statistics and alpha, and at all that is saved.

    Named is the first tensor of the model that is not finite, since it is the cause of all the rest;
    else the loss whose gradient is not; else that gradient. Gradients are looked at just before an
    optimizer uses them: those that a loss scaler drops, as it may now and then, are not. All that was
    looked at is one number after the iteration, so that a GPU is waited for once.

    Raises:
        NonFiniteError: With the iteration, the tensor and the last good checkpoint.
    """

    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._model: dict[str, Tensor] = {}
        self._statistics: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}
        self._moved: dict[str, Tensor] = {}
        self._looks: list[_Look] = []
        self._handles: list[Any] = []

    def before_train(self, runner: Runner) -> None:
        """Watch the steps of all optimizers."""
        model, self._looks = unwrapped(runner.model), []
        self._statistics = dict(model.named_buffers())
        self._model = {**model.state_dict(keep_vars=True), **self._statistics}
        self._names = {id(weight): name for name, weight in model.named_parameters()}
        for name, wrapper in _wrappers(runner).items():
            look = partial(self._look, name)
            self._handles.append(wrapper.optimizer.register_step_pre_hook(look))

    def _look(self, name: str, optimizer: Optimizer, *_: Any) -> None:
        # The step is taken all the same: only after the iteration is it known if the loss was finite
        used = [weight for group in optimizer.param_groups for weight in group['params']]
        own = {self._names.get(id(w), f'parameter {i}'): w for i, w in enumerate(used)}
        grads = {key: weight.grad for key, weight in own.items() if weight.grad is not None}
        values = {**self._statistics, **self._moved} if self._looks else self._model
        self._looks.append(_Look(name, values, grads))
        self._moved = own

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Say what was not finite in this iteration."""
        looks, self._looks = self._looks, []
        losses = {name: torch.as_tensor(value) for name, value in (outputs or {}).items()}
        found = getattr(unwrapped(runner.model), 'alphas', {})
        rest = {**losses, **{f'alphas.{name}': alpha for name, alpha in found.items()}}
        if not looks:
            rest = {**self._statistics, **rest}
        if _all_finite([*(x for look in looks for x in look.norms), *_norms(rest).values()]):
            return
        if name := _cause(looks, losses) or first_bad(rest):
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
    if _all_finite(_norms(tensors).values()):
        return ''
    return next((name for name, t in tensors.items() if not _finite(t)), '')


def _cause(looks: Sequence[_Look], losses: Mapping[str, Tensor]) -> str:
    """What was not finite first; '' if norms were too large and all numbers are finite.

    Args:
        looks: Those of an iteration, in order.
        losses: Its losses.
    """
    for look in looks:
        gradient, tensor = look.bad_gradient(), look.bad_value()
        if not gradient and not tensor:
            continue
        is_arch = look.optimizer == 'arch'  # a spoilt alpha spoils the loss of the weights after it
        own = {name: loss for name, loss in losses.items() if name.startswith('arch_') == is_arch}
        return tensor or first_bad(own) or gradient
    return ''


@torch.no_grad()
def _norms(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The norms of all floating-point tensors, in one call; they are not finite if a number is not.

    A norm may also overflow.
    """
    floats = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}
    norms = torch._foreach_norm(list(floats.values())) if floats else ()
    return dict(zip(floats, norms, strict=True))


def _all_finite(numbers: Iterable[Tensor]) -> bool:
    """Whether all scalars are, by one number of each device."""
    by_device: dict[torch.device, list[Tensor]] = {}
    for number in numbers:
        by_device.setdefault(number.device, []).append(number)
    return all(_finite(torch.stack(some)) for some in by_device.values())


def _finite(tensor: Tensor) -> bool:
    return bool(tensor.isfinite().all())


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
        f"the last good checkpoint is '{found}'. Continue from it with --resume and a smaller "
        f'{_optimizer_key(runner)}.clip_grad.max_norm, or'
    )


def _optimizer_key(runner: Runner) -> str:
    several = isinstance(runner.optim_wrapper, OptimWrapperDict)
    return 'optim_wrapper.weights' if several else 'optim_wrapper'
