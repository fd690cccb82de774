"""Searchers: supernet and architecture parameters, and the step that trains both."""

from ostrdet.models.searchers.base import Searcher
from ostrdet.models.searchers.bilevel import BilevelSearcher

__all__ = ['BilevelSearcher', 'Searcher']
