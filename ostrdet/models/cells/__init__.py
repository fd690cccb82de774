"""Cells, and the fixed blocks around them."""

from ostrdet.models.cells.blocks import CIFARStem, ImageNetStem, NormAct, ResidualReduction
from ostrdet.models.cells.cell import Cell, EdgeFactory
from ostrdet.models.cells.fast_cell import FastCell

__all__ = [
    'CIFARStem',
    'Cell',
    'EdgeFactory',
    'FastCell',
    'ImageNetStem',
    'NormAct',
    'ResidualReduction',
]
