"""Errors of torch that a key of the config can mend, said with that key."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from mmengine.config import Config

from ostrdet.datasets.loader_watch import abandon_loaders, loader_error
from ostrdet.engine.built import config_error, reason_of
from ostrdet.errors import InvalidValueError
from ostrdet.structures.config_tree import value_at

#: What torch says where the memory of a CPU does not suffice; it has no type of its own for that.
CPU_ALLOCATOR = "DefaultCPUAllocator: can't allocate memory"
#: What a BatchNorm says of one value per channel, as a last batch of one image leaves it.
ONE_VALUE = 'Expected more than 1 value per channel'
#: What torch says of layers that do not fit what they are given.
MISFITS = (
    'shapes cannot be multiplied',
    'channels, but got',
    'running_mean should contain',
    'must match the size of tensor',
    'Sizes of tensors must match',
)
BATCH_SIZE = 'train_dataloader.batch_size'
#: The keys that decide how much memory a run takes.
SIZES = (
    BATCH_SIZE,
    'val_dataloader.batch_size',
    'model.supernet.channels',
    'model.backbone.channels',
)


@contextmanager
def explained(cfg: Config, begun: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Name the keys to change where the config asks for what can't be.

    That is: memory lacks, a batch is too small for BatchNorm, layers do not fit each other, or a
    component raises anything while it is built from the config. Everything else is let through.

    Args:
        cfg: The config of the run.
        begun: Whether a step was taken already. Layers that do not fit from then on are a defect,
            which keeps its traceback.

    Raises:
        MemoryError: Instead of torch's error, be it of a GPU or of the CPU.
        LoaderError: If a dataloader lacks shared memory, file descriptors or memory.
        InvalidValueError: Of a value in the config.
    """
    try:
        yield
    except Exception as error:
        better = _explanation(error, cfg, begun())
        if better is None:
            raise
        raise better from error


def _explanation(error: Exception, cfg: Config, begun: bool) -> Exception | None:
    text = str(error)
    if isinstance(error, RuntimeError | OSError):
        lost = loader_error(error)
        if lost is not None or 'DataLoader worker (pid' in text:
            abandon_loaders()
        if lost is not None:
            return lost
    if isinstance(error, torch.OutOfMemoryError) or CPU_ALLOCATOR in text:
        return MemoryError(_of_memory(cfg, text))
    if isinstance(error, ValueError) and text.startswith(ONE_VALUE):
        size = value_at(cfg.to_dict(), BATCH_SIZE)
        return InvalidValueError(
            f'{BATCH_SIZE}={size} leaves a batch of one image, of which BatchNorm has no statistics; '
            'set train_dataloader.drop_last=True, or another batch size of at least 2'
        )
    is_misfit = isinstance(error, RuntimeError) and any(sign in text for sign in MISFITS)
    if is_misfit and not begun:
        return InvalidValueError(
            f'model: its layers do not fit each other or the images ({reason_of(error)}); make the '
            'channels of every part those that the part before it puts out'
        )
    return config_error(error, cfg.to_dict())


def _of_memory(cfg: Config, text: str) -> str:
    plain = cfg.to_dict()
    found = {key: value for key in SIZES if (value := value_at(plain, key)) is not None}
    sizes = ', '.join(f'{key}={value}' for key, value in found.items())
    first = (text.partition('CPUAllocator: ')[2] or text).splitlines()[0][:120]
    return (
        f'out of memory with {sizes} ({first}): make one of them smaller; --amp halves what the '
        'features take, model.backbone.with_cp=True saves more'
    )
