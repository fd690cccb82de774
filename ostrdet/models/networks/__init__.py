"""Cells, supernets and derived networks, with the blocks and heads around them."""

from ostrdet.models.networks.blocks import CIFARStem, ImageNetStem, NormAct, ResidualReduction
from ostrdet.models.networks.cell import Cell, EdgeFactory, FastCell
from ostrdet.models.networks.derived import DerivedClassifier
from ostrdet.models.networks.derived_cell import DerivedCellBackbone
from ostrdet.models.networks.heads import AuxiliaryHead, ClassifierHead
from ostrdet.models.networks.skeleton import Skeleton
from ostrdet.models.networks.supernet import Supernet

__all__ = [
    'AuxiliaryHead',
    'CIFARStem',
    'Cell',
    'ClassifierHead',
    'DerivedCellBackbone',
    'DerivedClassifier',
    'EdgeFactory',
    'FastCell',
    'ImageNetStem',
    'NormAct',
    'ResidualReduction',
    'Skeleton',
    'Supernet',
]
