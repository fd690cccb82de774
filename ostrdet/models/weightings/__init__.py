"""Weightings: alpha and beta to the weights of operations and edges."""

from ostrdet.models.weightings.base import MixWeights, Weighting, normalize_edges
from ostrdet.models.weightings.gumbel import GumbelWeighting, straight_through
from ostrdet.models.weightings.softmax import SoftmaxWeighting

__all__ = [
    'GumbelWeighting',
    'MixWeights',
    'SoftmaxWeighting',
    'Weighting',
    'normalize_edges',
    'straight_through',
]
