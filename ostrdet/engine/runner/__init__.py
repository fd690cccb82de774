"""Runners."""

from ostrdet.engine.runner.search_runner import SearchRunner

__all__ = ['SearchRunner']
