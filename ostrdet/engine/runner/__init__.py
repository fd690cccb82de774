"""Runners."""

from ostrdet.engine.runner.explained import explained
from ostrdet.engine.runner.seeded_runner import SeededRunner, log_defect

__all__ = ['SeededRunner', 'explained', 'log_defect']
