"""Selection criteria, and the step from their scores to a genotype."""

from ostrdet.selection import functional
from ostrdet.selection.base import Criterion, MinibatchMean
from ostrdet.selection.criteria import (
    AlphaSaliency,
    Magnitude,
    OperationStrength,
    OperationStrengthStar,
    PruningSaliency,
)
from ostrdet.selection.discretize import discretize

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
