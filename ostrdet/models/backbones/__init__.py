"""Derived networks."""

from ostrdet.models.backbones.derived import DerivedClassifier, build_derived

__all__ = ['DerivedClassifier', 'build_derived']
