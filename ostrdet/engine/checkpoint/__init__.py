"""Checkpoints of a work dir, and weights in files."""

from ostrdet.engine.checkpoint.latest import latest_checkpoint
from ostrdet.engine.checkpoint.plain import PlainCheckpointHook
from ostrdet.engine.checkpoint.pretrained import PretrainedBackbone
from ostrdet.engine.checkpoint.state import SAFETENSORS, check_state, read_checkpoint, read_state

__all__ = [
    'SAFETENSORS',
    'PlainCheckpointHook',
    'PretrainedBackbone',
    'check_state',
    'latest_checkpoint',
    'read_checkpoint',
    'read_state',
]
