"""The searcher inside a runner or a wrapper of distributed training."""

from typing import Any

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


def unwrapped(model: nn.Module) -> Any:
    """``model`` without the wrapper of distributed training."""
    return model.module if is_model_wrapper(model) else model


def searcher_of(runner: Runner) -> Any:
    """The searcher that ``runner`` trains."""
    return unwrapped(runner.model)
