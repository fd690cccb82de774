"""The searcher of a runner."""

from typing import Any

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner


def searcher_of(runner: Runner) -> Any:
    """The model of ``runner`` without the wrapper of distributed training."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
