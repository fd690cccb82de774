"""OStr-DARTS: differentiable architecture search that selects by operation strength."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ostrdet.version import __version__

__all__ = ['__version__', 'build_derived', 'get_genotype', 'list_genotypes']

#: Names that are imported when they are first asked for, so that importing ostrdet is free of torch.
_LAZY = {
    'build_derived': 'ostrdet.models.networks',
    'get_genotype': 'ostrdet.spaces.zoo',
    'list_genotypes': 'ostrdet.spaces.zoo',
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'ostrdet' has no attribute '{name}'")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


class _StandInFinder(MetaPathFinder, Loader):
    """Finds a stand-in for mmcv's compiled operators, where nobody else finds those themselves.

    It must be there before mmdet, or mmpretrain where mmdet is installed, is imported: what these
    take from mmcv at import they keep.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname == 'mmcv._ext' else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module: ModuleType = import_module('ostrdet.compat.mmcv_ops').StandInOps()
        return module

    def exec_module(self, module: ModuleType) -> None:
        pass


sys.meta_path.append(_StandInFinder())  # at the end: compiled operators are found first
