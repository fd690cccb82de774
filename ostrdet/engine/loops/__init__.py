"""Loops of the runner."""

from ostrdet.engine.loops.arch_half_val import ArchHalfValLoop
from ostrdet.engine.loops.bilevel_train import BilevelTrainLoop

__all__ = ['ArchHalfValLoop', 'BilevelTrainLoop']
