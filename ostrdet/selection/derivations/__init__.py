"""Derivations: how scores become a genotype."""

from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.top_edges import TopEdges, discretize

__all__ = ['Derivation', 'TopEdges', 'discretize']
