"""One step of SGD as a function: what the weights would become, and its transposed derivative."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidTypeError


class SGDStep:
    """The step that ``optimizer`` would take next, without taking it.

    Args:
        weights: The weights by name.
        optimizer: Their ``torch.optim.SGD``; its state is read, never changed.
        update: The architecture update that asks, for messages.

    Raises:
        InvalidTypeError: If the optimizer is not SGD, or has options that the unrolled step leaves
            out.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        optimizer: torch.optim.Optimizer,
        update: str = 'UnrolledUpdate',
    ) -> None:
        if not isinstance(optimizer, torch.optim.SGD):
            raise InvalidTypeError(
                f'optim_wrapper.weights.optimizer: {update} unrolls a step of SGD, got '
                f"{type(optimizer).__name__}; use type='SGD', or FirstOrderUpdate"
            )
        groups = [(p, group) for group in optimizer.param_groups for p in group['params']]
        by_id = {id(p): group for p, group in groups}
        self.weights = weights
        self.groups = [by_id[id(weight)] for weight in weights.values()]
        self.buffers = [optimizer.state[w].get('momentum_buffer') for w in weights.values()]
        for group in self.groups:
            _check(group, update)

    def __call__(self, grads: Sequence[Tensor]) -> dict[str, Tensor]:
        """The weights after a step along ``grads``; differentiable in ``grads``."""
        stepped = {}
        rows = zip(self.weights.items(), grads, self.groups, self.buffers, strict=True)
        for (name, weight), grad, group, buffer in rows:
            decayed = grad + group['weight_decay'] * weight.detach()
            velocity = decayed if buffer is None else decayed + group['momentum'] * buffer
            if group['nesterov']:
                velocity = decayed + group['momentum'] * velocity
            stepped[name] = weight.detach() - group['lr'] * velocity
        return stepped

    def pull_back(self, stepped_grads: Sequence[Tensor]) -> dict[str, Tensor]:
        """From gradients at the stepped weights to those at the gradients of the step."""
        return {
            name: -_gain(group) * grad
            for name, grad, group in zip(self.weights, stepped_grads, self.groups, strict=True)
        }


def _gain(group: Mapping[str, Any]) -> float:
    """How far a weight moves per unit of gradient."""
    nesterov: float = 1 + group['momentum'] * group['nesterov']
    return group['lr'] * nesterov


def _check(group: Mapping[str, Any], update: str) -> None:
    for option in ('dampening', 'maximize'):
        if group[option]:
            raise InvalidTypeError(
                f'optim_wrapper.weights.optimizer.{option}={group[option]}: {update} '
                f'unrolls SGD without it; leave it out, or use FirstOrderUpdate'
            )
