"""Loops of the runner."""

from ostrdet.engine.loops.arch_half_val import ArchHalfValLoop
from ostrdet.engine.loops.bilevel_train import BilevelTrainLoop
from ostrdet.engine.loops.seeded_train import SeededTrainLoop

__all__ = ['ArchHalfValLoop', 'BilevelTrainLoop', 'SeededTrainLoop']
