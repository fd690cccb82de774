"""Optimizer wrappers, how they are constructed, and schedules of their rates."""

from ostrdet.engine.optimizers.autocast import BFloat16OptimWrapper
from ostrdet.engine.optimizers.bilevel import BilevelOptimWrapperConstructor
from ostrdet.engine.optimizers.part_of_cosine import PartOfCosineLR
from ostrdet.engine.optimizers.warm_up_cosine import CosineAfterWarmUpLR

__all__ = [
    'BFloat16OptimWrapper',
    'BilevelOptimWrapperConstructor',
    'CosineAfterWarmUpLR',
    'PartOfCosineLR',
]
