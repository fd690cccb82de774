"""Cells, and the fixed blocks around them."""

from ostrdet.models.cells.blocks import CIFARStem, ImageNetStem, NormAct, ResidualReduction
from ostrdet.models.cells.cell import Cell, EdgeFactory

__all__ = [
    'CIFARStem',
    'Cell',
    'EdgeFactory',
    'ImageNetStem',
    'NormAct',
    'ResidualReduction',
]
