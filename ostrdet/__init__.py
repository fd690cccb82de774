"""OStr-DARTS: differentiable architecture search that selects by operation strength."""

from importlib import import_module
from typing import Any

from ostrdet.version import __version__

__all__ = ['__version__', 'build_derived', 'get_genotype', 'list_genotypes']

#: Names that are imported when they are first asked for, so that importing ostrdet is free of torch.
_LAZY = {
    'build_derived': 'ostrdet.models.backbones',
    'get_genotype': 'ostrdet.spaces.zoo',
    'list_genotypes': 'ostrdet.spaces.zoo',
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'ostrdet' has no attribute '{name}'")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
