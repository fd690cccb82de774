"""Modules that somebody watches, which therefore have to be called."""

from torch import nn


def has_hooks(module: nn.Module) -> bool:
    """Whether ``module`` itself has hooks of any kind."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )
