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
from ostrdet.selection.derivations import Derivation, Threshold, TopEdges, discretize
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.selection.loss_change import LossChange
from ostrdet.selection.panel import PAPER_CRITERIA, Panel
from ostrdet.selection.perturbation import Perturbation

__all__ = [
    'PAPER_CRITERIA',
    'AlphaSaliency',
    'Criterion',
    'Derivation',
    'EvaluatingCriterion',
    'LossChange',
    'Magnitude',
    'MinibatchMean',
    'OperationStrength',
    'OperationStrengthStar',
    'Panel',
    'Perturbation',
    'PruningSaliency',
    'Threshold',
    'TopEdges',
    'discretize',
    'functional',
]
