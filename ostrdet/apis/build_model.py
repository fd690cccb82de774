"""The model of a config without a runner."""

from copy import deepcopy
from typing import Any

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from ostrdet.engine.runner import explained


def build_model(cfg: Config) -> Any:
    """The model of ``cfg`` in evaluation mode, with weights as they are drawn; none are read.

    Args:
        cfg: A checked config.

    Raises:
        ValueError: If a value in it can't be built from.
    """
    with explained(cfg), DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        return MODELS.build(deepcopy(cfg.model)).eval()
