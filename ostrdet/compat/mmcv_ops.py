"""A stand-in for mmcv's compiled operators, without which ``import mmdet`` fails.

The wheel of mmcv has none, and they do not build on every torch.
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import mmcv

from ostrdet.compat import torch_kernels
from ostrdet.errors import UserError

NAME = 'mmcv._ext'
#: What there is a kernel for.
KERNELS: dict[str, Callable[..., Any]] = {
    kernel.__name__: kernel
    for kernel in (
        torch_kernels.nms,
        torch_kernels.softnms,
        torch_kernels.sigmoid_focal_loss_forward,
        torch_kernels.sigmoid_focal_loss_backward,
        torch_kernels.roi_align_forward,
        torch_kernels.roi_align_backward,
    )
}
NONE = 'none (torchvision kernels)'
INSTALL = (
    'MMCV_WITH_OPS=1 pip install --no-build-isolation --no-binary onedl-mmcv --force-reinstall '
    f'--no-deps onedl-mmcv=={mmcv.__version__}'
)


class MissingOpError(UserError, ImportError):
    """An operator was called that only compiled mmcv has."""


class StandInOps(ModuleType):
    """``mmcv._ext`` with the kernels of :data:`KERNELS`; any other operator fails when called."""

    def __init__(self) -> None:
        super().__init__(NAME, __doc__)
        vars(self).update(KERNELS)
        self.get_compiler_version = self.get_compiling_cuda_version = lambda: NONE

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # mmcv asks at import for every operator that it wraps
        if name.startswith('__'):
            raise AttributeError(f'module {NAME!r} has no attribute {name!r}')

        def missing(*args: Any, **kwargs: Any) -> Any:
            raise MissingOpError(
                f"mmcv's op '{name}' is not compiled here, and has no stand-in. Build mmcv with its "
                f'ops for this torch: {INSTALL}'
            )

        return missing


def load_mmcv_ops() -> str:
    """Import mmcv's operators: the compiled ones, or this stand-in, which ``ostrdet`` finds last.

    Returns:
        One line for the log that says which operators are used.
    """
    if isinstance(import_module(NAME), StandInOps):
        return f'mmcv ops: not compiled; torchvision and torch kernels for {", ".join(KERNELS)}'
    return 'mmcv ops: compiled'
