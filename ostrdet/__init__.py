"""OStr-DARTS: differentiable architecture search that selects by operation strength."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ostrdet.version import __version__

#: The API: where to find what is imported when it is first asked for, as importing ostrdet is free
#: of torch.
_LAZY = {
    'build_backbone': ('ostrdet.networks', 'build_backbone'),
    'build_derived': ('ostrdet.networks', 'build_derived'),
    'get_genotype': ('ostrdet.spaces.zoo', 'get_genotype'),
    'list_genotypes': ('ostrdet.spaces.zoo', 'list_genotypes'),
    'search': ('ostrdet.apis.search', 'search_genotype'),
}
__all__ = ['__version__', *_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(_unknown(name))
    module, member = _LAZY[name]
    with import_module('ostrdet.quiet').quiet():  # libraries print notes when they are imported
        return getattr(import_module(module), member)


def _unknown(name: str) -> str:
    close = get_close_matches(name, __all__, n=1)
    hint = f". Did you mean '{close[0]}'?" if close else ''
    return f"module 'ostrdet' has no attribute '{name}'{hint}"


def __dir__() -> list[str]:
    return sorted(__all__)


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
