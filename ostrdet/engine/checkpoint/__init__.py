"""Checkpoints of a work dir, and weights in files."""

from ostrdet.engine.checkpoint.atomic_files import AtomicBackend
from ostrdet.engine.checkpoint.fingerprint import changes, fingerprint, settings
from ostrdet.engine.checkpoint.latest import (
    checkpoints,
    latest_checkpoint,
    name_within_epoch,
    other_checkpoints,
    position,
)
from ostrdet.engine.checkpoint.lock import hold_work_dir, release_work_dir, work_dir_lock
from ostrdet.engine.checkpoint.pretrained import PretrainedBackbone
from ostrdet.engine.checkpoint.state import (
    METADATA,
    SAFETENSORS,
    check_state,
    read_checkpoint,
    read_plain,
    read_state,
)

__all__ = [
    'METADATA',
    'SAFETENSORS',
    'AtomicBackend',
    'PretrainedBackbone',
    'changes',
    'check_state',
    'checkpoints',
    'fingerprint',
    'hold_work_dir',
    'latest_checkpoint',
    'name_within_epoch',
    'other_checkpoints',
    'position',
    'read_checkpoint',
    'read_plain',
    'read_state',
    'release_work_dir',
    'settings',
    'work_dir_lock',
]
