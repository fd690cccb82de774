"""Runners."""

from ostrdet.engine.runner.explained import explained
from ostrdet.engine.runner.seeded_runner import SeededRunner

__all__ = ['SeededRunner', 'explained']
