"""Whether the batches that workers send find room in ``/dev/shm``, of which containers have little."""

import os
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor
from torch.utils.data import DataLoader

from ostrdet.errors import LoaderError

SHARED = Path('/dev/shm')
MIB = 2**20
#: Loaders that send at the same time.
PHASES = (('train', 'architecture'), ('val',), ('test',))


def check_shared_memory(loaders: Mapping[str, DataLoader]) -> None:
    """Compare what all workers of a phase may have on their way with what is free.

    Args:
        loaders: By name, see :data:`PHASES`.

    Raises:
        LoaderError: If it does not fit: a worker would die of it, once all are at work.
    """
    if not SHARED.is_dir():
        return
    state = os.statvfs(SHARED)
    free = state.f_bavail * state.f_frsize
    for phase in PHASES:
        there = [loaders[name] for name in phase if name in loaders]
        needed = sum(map(bytes_in_flight, there))
        if needed > free:
            key = f'{phase[0]}_dataloader'
            raise LoaderError(
                f'{key}: {there[0].num_workers} workers send up to {needed / MIB:,.1f} MiB at once '
                f'through {SHARED}, {free / MIB:,.1f} MiB are free: give the container more (docker '
                f'run --shm-size=8g), or set {key}.num_workers=0 or a smaller batch_size'
            )


def bytes_in_flight(loader: DataLoader) -> int:
    """Bytes of all batches that workers have ready, each as large as the first sample makes it."""
    if loader.num_workers == 0:
        return 0
    sample = loader.dataset[0]
    inputs = sample.get('inputs') if isinstance(sample, Mapping) else None
    if not isinstance(inputs, Tensor):
        return 0
    batch_size: int = loader.batch_size or loader.batch_sampler.batch_size  # type: ignore[union-attr]
    return inputs.nbytes * batch_size * loader.num_workers * (loader.prefetch_factor or 1)
