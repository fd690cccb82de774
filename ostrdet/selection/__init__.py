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
from ostrdet.selection.derivations import (
    Derivation,
    MaxSkips,
    Threshold,
    TopEdges,
    WithinBudget,
    discretize,
)
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.selection.loss_change import LossChange
from ostrdet.selection.panel import PAPER_CRITERIA, Panel
from ostrdet.selection.stop_rules import EpochView, StopRule, StopRules, Verdict

__all__ = [
    'PAPER_CRITERIA',
    'AlphaSaliency',
    'Criterion',
    'Derivation',
    'EpochView',
    'EvaluatingCriterion',
    'LossChange',
    'Magnitude',
    'MaxSkips',
    'MinibatchMean',
    'OperationStrength',
    'OperationStrengthStar',
    'Panel',
    'PruningSaliency',
    'StopRule',
    'StopRules',
    'Threshold',
    'TopEdges',
    'Verdict',
    'WithinBudget',
    'discretize',
    'functional',
]
