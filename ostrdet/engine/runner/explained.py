"""Errors of torch that a key of the config can mend, said with that key."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.config import Config

from ostrdet.engine.checkpoint.fingerprint import value_at
from ostrdet.engine.loader_watch import abandon_loaders, loader_error

#: What torch says where the memory of a CPU does not suffice; it has no type of its own for that.
CPU_ALLOCATOR = "DefaultCPUAllocator: can't allocate memory"
#: What a BatchNorm says of one value per channel, as a last batch of one image leaves it.
ONE_VALUE = 'Expected more than 1 value per channel'
BATCH_SIZE = 'train_dataloader.batch_size'
#: The keys that decide how much memory a run takes.
SIZES = (
    BATCH_SIZE,
    'val_dataloader.batch_size',
    'model.supernet.channels',
    'model.backbone.channels',
)


@contextmanager
def explained(cfg: Config) -> Iterator[None]:
    """Name the keys to change where memory lacks, or a batch is too small for BatchNorm.

    Args:
        cfg: The config of the run.

    Raises:
        MemoryError: Instead of torch's error, be it of a GPU or of the CPU.
        LoaderError: If a dataloader lacks shared memory, file descriptors or memory.
        ValueError: If a batch holds one image, and a BatchNorm sees one pixel of it.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        lost = loader_error(error)
        if lost is not None or 'DataLoader worker (pid' in str(error):
            abandon_loaders()
        if lost is not None:
            raise lost from error
        if not isinstance(error, torch.OutOfMemoryError) and CPU_ALLOCATOR not in str(error):
            raise
        raise MemoryError(_of_memory(cfg, str(error))) from error
    except ValueError as error:
        if not str(error).startswith(ONE_VALUE):
            raise
        size = value_at(cfg.to_dict(), BATCH_SIZE)
        raise ValueError(
            f'{BATCH_SIZE}={size} leaves a batch of one image, of which BatchNorm has no statistics; '
            'set train_dataloader.drop_last=True, or another batch size of at least 2'
        ) from error


def _of_memory(cfg: Config, text: str) -> str:
    plain = cfg.to_dict()
    found = {key: value for key in SIZES if (value := value_at(plain, key)) is not None}
    sizes = ', '.join(f'{key}={value}' for key, value in found.items())
    first = (text.partition('CPUAllocator: ')[2] or text).splitlines()[0][:120]
    return (
        f'out of memory with {sizes} ({first}): make one of them smaller; --amp halves what the '
        'features take, model.backbone.with_cp=True saves more'
    )
