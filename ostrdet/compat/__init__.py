"""Dealings with the installed libraries that are nobody's business above this floor."""

from ostrdet.compat.quiet_import import import_quietly

__all__ = ['import_quietly']
