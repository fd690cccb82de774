"""Selection criteria, and the step from their scores to a genotype."""

from ostrdet.selection import functional
from ostrdet.selection.angle import AngleEvolution
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
from ostrdet.selection.evolution import Evolution
from ostrdet.selection.loss_change import LossChange
from ostrdet.selection.most_probable import MostProbable
from ostrdet.selection.panel import PAPER_CRITERIA, Panel
from ostrdet.selection.perturbation import Perturbation
from ostrdet.selection.random_search import CellSearch, RandomSearch
from ostrdet.selection.second_order_strength import (
    GaussNewtonStrength,
    SecondOrder,
    SecondOrderStrength,
)
from ostrdet.selection.sgas import SGAS
from ostrdet.selection.shapley import Shapley
from ostrdet.selection.stop_rules import EpochView, StopRule, StopRules, Verdict
from ostrdet.selection.tree import TreeSearch

__all__ = [
    'PAPER_CRITERIA',
    'SGAS',
    'AlphaSaliency',
    'AngleEvolution',
    'CellSearch',
    'Criterion',
    'Derivation',
    'EpochView',
    'EvaluatingCriterion',
    'Evolution',
    'GaussNewtonStrength',
    'LossChange',
    'Magnitude',
    'MaxSkips',
    'MinibatchMean',
    'MostProbable',
    'OperationStrength',
    'OperationStrengthStar',
    'Panel',
    'Perturbation',
    'PruningSaliency',
    'RandomSearch',
    'SecondOrder',
    'SecondOrderStrength',
    'Shapley',
    'StopRule',
    'StopRules',
    'Threshold',
    'TopEdges',
    'TreeSearch',
    'Verdict',
    'WithinBudget',
    'discretize',
    'functional',
]
