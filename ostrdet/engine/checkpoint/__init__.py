"""Checkpoints of a work dir, and weights in files."""

from ostrdet.engine.checkpoint.atomic import AtomicBackend, use_atomic_files, write_atomically
from ostrdet.engine.checkpoint.fingerprint import changes, fingerprint
from ostrdet.engine.checkpoint.latest import (
    DamagedFileError,
    checkpoints,
    latest_checkpoint,
    name_within_epoch,
)
from ostrdet.engine.checkpoint.lock import (
    WorkDirInUseError,
    hold_work_dir,
    release_work_dir,
    work_dir_lock,
)
from ostrdet.engine.checkpoint.plain import PlainCheckpointHook
from ostrdet.engine.checkpoint.pretrained import PretrainedBackbone
from ostrdet.engine.checkpoint.state import (
    SAFETENSORS,
    check_state,
    read_checkpoint,
    read_plain,
    read_state,
)

__all__ = [
    'SAFETENSORS',
    'AtomicBackend',
    'DamagedFileError',
    'PlainCheckpointHook',
    'PretrainedBackbone',
    'WorkDirInUseError',
    'changes',
    'check_state',
    'checkpoints',
    'fingerprint',
    'hold_work_dir',
    'latest_checkpoint',
    'name_within_epoch',
    'read_checkpoint',
    'read_plain',
    'read_state',
    'release_work_dir',
    'use_atomic_files',
    'work_dir_lock',
    'write_atomically',
]
