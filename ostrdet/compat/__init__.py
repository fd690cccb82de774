"""Dealings with the installed libraries that are nobody's business above this floor."""

from ostrdet.compat.closed_libraries import LIBRARIES, MOTIONS, NMS, close_libraries, dtypes
from ostrdet.compat.quiet_import import CLASSIFICATION, DETECTION, import_quietly

__all__ = [
    'CLASSIFICATION',
    'DETECTION',
    'LIBRARIES',
    'MOTIONS',
    'NMS',
    'close_libraries',
    'dtypes',
    'import_quietly',
]
