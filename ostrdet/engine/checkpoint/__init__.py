"""Checkpoints of a work dir."""

from ostrdet.engine.checkpoint.latest import latest_checkpoint

__all__ = ['latest_checkpoint']
