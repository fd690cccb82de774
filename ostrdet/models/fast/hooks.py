"""The layers of an operation, and whether somebody watches them, so that they have to be called."""

from collections.abc import Iterator
from typing import Any

from torch import nn


def has_hooks(module: nn.Module) -> bool:
    """Whether ``module`` itself has hooks of any kind."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )


def layers_of(op: nn.Module) -> Iterator[Any]:
    """The layers of nested sequences in a row."""
    if type(op) is nn.Sequential:
        for layer in op:
            yield from layers_of(layer)
    else:
        yield op


def is_watched(op: nn.Module) -> bool:
    """Whether an operation or one of its layers has hooks."""
    return any(has_hooks(module) for module in (op, *layers_of(op)))
