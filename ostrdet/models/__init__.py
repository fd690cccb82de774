"""Networks: operations, cells, supernets and derived networks. Importing it registers them all."""

from ostrdet.models import (
    arch_updates,
    mixed_ops,
    networks,
    ops,
    perturbations,
    regularizers,
    searchers,
    weightings,
)

__all__ = [
    'arch_updates',
    'mixed_ops',
    'networks',
    'ops',
    'perturbations',
    'regularizers',
    'searchers',
    'weightings',
]
