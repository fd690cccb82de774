"""The trunk that the supernet and the derived networks share."""

from ostrdet.models.skeleton.skeleton import Skeleton

__all__ = ['Skeleton']
