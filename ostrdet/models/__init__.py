"""Networks: operations, cells, supernets and derived networks. Importing it registers them all."""

from ostrdet.models import (
    arch_updates,
    backbones,
    cells,
    heads,
    mixed_ops,
    ops,
    searchers,
    skeleton,
    supernets,
    weightings,
)

__all__ = [
    'arch_updates',
    'backbones',
    'cells',
    'heads',
    'mixed_ops',
    'ops',
    'searchers',
    'skeleton',
    'supernets',
    'weightings',
]
