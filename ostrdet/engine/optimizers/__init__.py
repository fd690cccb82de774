"""Optimizer wrappers, and how they are constructed."""

from ostrdet.engine.optimizers.autocast import BFloat16OptimWrapper
from ostrdet.engine.optimizers.bilevel import BilevelOptimWrapperConstructor

__all__ = ['BFloat16OptimWrapper', 'BilevelOptimWrapperConstructor']
