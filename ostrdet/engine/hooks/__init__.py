"""Hooks of search, retraining and transfer."""

from ostrdet.engine.hooks.finite import FiniteHook
from ostrdet.engine.hooks.plain_checkpoint import PlainCheckpointHook
from ostrdet.engine.hooks.progress import ProgressHook
from ostrdet.engine.hooks.report import ReportHook
from ostrdet.engine.hooks.safe_checkpoint import SafeCheckpointHook
from ostrdet.engine.hooks.search_console import SearchConsoleHook
from ostrdet.engine.hooks.selector import SelectorHook
from ostrdet.engine.hooks.stop_signal import StopSignalHook
from ostrdet.engine.hooks.tracker import TrackerHook
from ostrdet.engine.hooks.train_console import TrainConsoleHook

__all__ = [
    'FiniteHook',
    'PlainCheckpointHook',
    'ProgressHook',
    'ReportHook',
    'SafeCheckpointHook',
    'SearchConsoleHook',
    'SelectorHook',
    'StopSignalHook',
    'TrackerHook',
    'TrainConsoleHook',
]
