"""Weightings: alpha and beta to the weights of operations and edges."""

from ostrdet.models.weightings.base import MixWeights, Weighting, normalize_edges
from ostrdet.models.weightings.categorical import CategoricalWeighting
from ostrdet.models.weightings.dirichlet import DirichletWeighting
from ostrdet.models.weightings.group_drop import GroupDropWeighting
from ostrdet.models.weightings.group_softmax import GroupSoftmaxWeighting
from ostrdet.models.weightings.gumbel import GumbelWeighting, straight_through
from ostrdet.models.weightings.sigmoid import SigmoidWeighting
from ostrdet.models.weightings.softmax import SoftmaxWeighting
from ostrdet.models.weightings.topology import TopologyWeighting

__all__ = [
    'CategoricalWeighting',
    'DirichletWeighting',
    'GroupDropWeighting',
    'GroupSoftmaxWeighting',
    'GumbelWeighting',
    'MixWeights',
    'SigmoidWeighting',
    'SoftmaxWeighting',
    'TopologyWeighting',
    'Weighting',
    'normalize_edges',
    'straight_through',
]
