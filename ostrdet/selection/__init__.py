"""Selection criteria, and the step from their scores to a genotype."""

from ostrdet.selection import functional
from ostrdet.selection.alpha_saliency import AlphaSaliency
from ostrdet.selection.base import Criterion, MinibatchMean
from ostrdet.selection.discretize import discretize
from ostrdet.selection.magnitude import Magnitude
from ostrdet.selection.operation_strength import OperationStrength
from ostrdet.selection.operation_strength_star import OperationStrengthStar
from ostrdet.selection.pruning_saliency import PruningSaliency

__all__ = [
    'AlphaSaliency',
    'Criterion',
    'Magnitude',
    'MinibatchMean',
    'OperationStrength',
    'OperationStrengthStar',
    'PruningSaliency',
    'discretize',
    'functional',
]
