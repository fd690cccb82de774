"""Dealings with the installed libraries that are nobody's business above this floor."""

from ostrdet.compat.quiet_import import DETECTION, import_quietly

__all__ = ['DETECTION', 'import_quietly']
