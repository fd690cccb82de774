"""OStr-DARTS: differentiable architecture search that selects by operation strength."""

from ostrdet.version import __version__

__all__ = ['__version__']
