"""Constructors of optimizers."""

from ostrdet.engine.optimizers.bilevel import BilevelOptimWrapperConstructor

__all__ = ['BilevelOptimWrapperConstructor']
