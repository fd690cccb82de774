"""Autocast without a loss scaler, on any device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.optim import OptimWrapper
from mmengine.runner.amp import autocast
from torch import bfloat16, nn

from ostrdet.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Runs the network in bfloat16, whose range needs no loss scaling.

    mmengine's ``AmpOptimWrapper`` does so on accelerators only; it stays the one for float16.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[Any]:
        """Autocast around forward and loss."""
        with super().optim_context(model), autocast(dtype=bfloat16):
            yield
