"""Hooks of a search."""

from ostrdet.engine.hooks.finite import FiniteHook, NonFiniteError
from ostrdet.engine.hooks.search_console import SearchConsoleHook
from ostrdet.engine.hooks.selector import SelectorHook

__all__ = ['FiniteHook', 'NonFiniteError', 'SearchConsoleHook', 'SelectorHook']
