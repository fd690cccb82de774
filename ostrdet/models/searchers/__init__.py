"""Searchers: supernet and architecture parameters, and the step that trains both."""

from ostrdet.models.searchers.base import Searcher
from ostrdet.models.searchers.bilevel import BilevelSearcher
from ostrdet.models.searchers.curvature import ESTIMATES, block_pairs
from ostrdet.models.searchers.probe import SupernetProbe

__all__ = ['ESTIMATES', 'BilevelSearcher', 'Searcher', 'SupernetProbe', 'block_pairs']
