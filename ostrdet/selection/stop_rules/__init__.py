"""Stop rules: when a search ends before its last epoch."""

from ostrdet.selection.stop_rules.base import EpochView, StopRule, Verdict
from ostrdet.selection.stop_rules.curvature_rise import CurvatureRise
from ostrdet.selection.stop_rules.rules import StopRules
from ostrdet.selection.stop_rules.stable_cell import StableCell
from ostrdet.selection.stop_rules.stable_ranks import StableRanks
from ostrdet.selection.stop_rules.too_many_skips import TooManySkips

__all__ = [
    'CurvatureRise',
    'EpochView',
    'StableCell',
    'StableRanks',
    'StopRule',
    'StopRules',
    'TooManySkips',
    'Verdict',
]
