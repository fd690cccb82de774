"""Hooks of search, retraining and transfer.

They run in the order of :data:`ORDER`, in which mmengine's stand too; ``priority`` of a class puts it
there. A hook that others read has a ``role``; see ``roles.py``.
"""

from ostrdet.engine.hooks.carry import CarryHook
from ostrdet.engine.hooks.finite import FiniteHook
from ostrdet.engine.hooks.plain_checkpoint import PlainCheckpointHook
from ostrdet.engine.hooks.progress import ProgressHook
from ostrdet.engine.hooks.report import ReportHook
from ostrdet.engine.hooks.safe_checkpoint import SafeCheckpointHook
from ostrdet.engine.hooks.search_console import SearchConsoleHook
from ostrdet.engine.hooks.selector import SelectorHook
from ostrdet.engine.hooks.stop_signal import StopSignalHook
from ostrdet.engine.hooks.threads import ThreadsHook
from ostrdet.engine.hooks.tracker import TrackerHook
from ostrdet.engine.hooks.train_console import TrainConsoleHook

#: The hooks of a search and of a training, by their turn. Why they stand where they do:
#: threads are chosen before all else; a number that is not finite is found before anybody uses it; what a stage takes over is there before
#: its first epoch; the epoch's numbers are set before the
#: step; the selection is made before the checkpoint that holds it, and written before the pictures of
#: it; a signal ends the run after the checkpoint; the console speaks last.
ORDER = (
    'ThreadsHook',
    'RuntimeInfoHook',
    'FiniteHook',
    'CarryHook',
    'IterTimerHook',
    'DistSamplerSeedHook',
    'ProgressHook',
    'SelectorHook',
    'LoggerHook',
    'ParamSchedulerHook',
    'SafeCheckpointHook',
    'ReportHook',
    'TrackerHook',
    'StopSignalHook',
    'SearchConsoleHook',
    'TrainConsoleHook',
    'PlainCheckpointHook',
)

__all__ = [
    'ORDER',
    'CarryHook',
    'FiniteHook',
    'PlainCheckpointHook',
    'ProgressHook',
    'ReportHook',
    'SafeCheckpointHook',
    'SearchConsoleHook',
    'SelectorHook',
    'StopSignalHook',
    'ThreadsHook',
    'TrackerHook',
    'TrainConsoleHook',
]
