"""Derivations: how scores become a genotype."""

from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.best_sets import BestSets
from ostrdet.selection.derivations.max_skips import MaxSkips
from ostrdet.selection.derivations.threshold import Threshold
from ostrdet.selection.derivations.top_edges import TopEdges, discretize
from ostrdet.selection.derivations.within_budget import WithinBudget

__all__ = [
    'BestSets',
    'Derivation',
    'MaxSkips',
    'Threshold',
    'TopEdges',
    'WithinBudget',
    'discretize',
]
