"""Architecture updates: how dL/dalpha is obtained."""

from ostrdet.models.arch_updates.base import ArchUpdate, Batch, BilevelProblem
from ostrdet.models.arch_updates.first_order import FirstOrderUpdate
from ostrdet.models.arch_updates.implicit import ImplicitUpdate
from ostrdet.models.arch_updates.unrolled import UnrolledUpdate

__all__ = [
    'ArchUpdate',
    'Batch',
    'BilevelProblem',
    'FirstOrderUpdate',
    'ImplicitUpdate',
    'UnrolledUpdate',
]
