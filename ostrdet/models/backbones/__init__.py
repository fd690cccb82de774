"""Derived networks."""

from ostrdet.models.backbones.derived import DerivedClassifier, build_derived
from ostrdet.models.backbones.derived_cell import DerivedCellBackbone

__all__ = ['DerivedCellBackbone', 'DerivedClassifier', 'build_derived']
