"""A rehearsal of a run: everything is built, images are read, one step is taken, nothing is kept."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import track
from torch.utils.data import DataLoader

from ostrdet.apis.build_runner import build_runner
from ostrdet.datasets.shared_memory import check_shared_memory
from ostrdet.engine.hooks.console import duration
from ostrdet.engine.hooks.roles import by_role
from ostrdet.engine.peak_memory import resident_peak_mib
from ostrdet.engine.rehearsal import rehearse
from ostrdet.engine.runner import explained
from ostrdet.errors import InvalidValueError
from ostrdet.settings import search as search_config
from ostrdet.settings import train as train_config
from ostrdet.settings.load import read_config
from ostrdet.settings.stages import stage_config

MIB = 2**20
#: Weights, and what the optimizer keeps beside them: momentum of SGD, two moments of Adam on alpha.
COPIES_PER_CHECKPOINT = 2


class Rehearsal(NamedTuple):
    """What a rehearsal found.

    Attributes:
        images: Images of every data set that was read from, by loader; all of them with ``full``.
        seconds: Wall time of one iteration.
        iterations: Iterations of the whole run.
        peak_mib: Peak memory of the process.
        disk_mib: What the checkpoints will take.
        free_mib: What is free where the work dir will be.
    """

    images: dict[str, int]
    seconds: float
    iterations: int
    peak_mib: float
    disk_mib: float
    free_mib: float

    def lines(self) -> Iterator[str]:
        """The findings as text."""
        read = ', '.join(f'{name} {count:,}' for name, count in self.images.items())
        yield f'images     read: {read}'
        yield f'step       {self.seconds:.2f} s, peak memory of the process {self.peak_mib:,.0f} MiB'
        yield f'disk       {self.disk_mib:,.0f} MiB for checkpoints, {self.free_mib:,.0f} MiB free'
        eta = duration(self.seconds * self.iterations)
        yield f'ETA        about {eta} for {self.iterations:,} iterations, without validation'


def check(
    config: str | Path | Config,
    full: bool = False,
    genotype: str | Path | None = None,
    data_root: str | Path | None = None,
    work_dir: str | Path | None = None,
    cfg_options: Sequence[str] = (),
) -> Rehearsal:
    """Build everything that a config names, read images, take one step; the work dir is not touched.

    Args:
        config: A config of a search or a training, or its file; of a search in stages the first one
            is rehearsed.
        full: Whether to read all images rather than one batch of every loader.
        genotype: As in :func:`ostrdet.apis.train.build_training`.
        data_root: Folder of the data set, instead of the config's.
        work_dir: Where the run will write.
        cfg_options: Overrides, as 'key=value'.

    Raises:
        Exception: What the run itself would raise, before its first iteration where it can be known.
        OSError: If the disk has no room for the checkpoints, or ``/dev/shm`` for the batches.
    """
    cfg = _load(config, genotype, data_root, work_dir, cfg_options)
    target = Path(cfg.work_dir).absolute()
    with tempfile.TemporaryDirectory() as folder:
        cfg.work_dir = folder
        runner = build_runner(cfg)
        with explained(cfg):
            loaders = _loaders(runner)
            check_shared_memory(loaders)
            rehearse(runner, ('train', 'val', 'test'))
            images = {name: _read(loader, full) for name, loader in loaders.items()}
            seconds = _step(runner)
        found = Rehearsal(
            images,
            seconds,
            runner.max_iters,
            resident_peak_mib(),
            _disk(runner) / MIB,
            shutil.disk_usage(_existing(target)).free / MIB,
        )
    if found.disk_mib > found.free_mib:
        raise OSError(
            f"'{target}': the checkpoints need {found.disk_mib:,.0f} MiB, {found.free_mib:,.0f} MiB "
            'are free; make room, or give another --work-dir'
        )
    return found


def _load(
    config: str | Path | Config,
    genotype: str | Path | None,
    data_root: str | Path | None,
    work_dir: str | Path | None,
    cfg_options: Sequence[str],
) -> Config:
    given: dict[str, Any] = {'work_dir': work_dir, 'data_root': data_root}
    read = config if isinstance(config, Config) else read_config(config)
    if 'supernet' in read.get('model', {}):
        if genotype is not None:
            raise InvalidValueError('--genotype: a search finds one, and takes none')
        cfg = search_config.load_config(read, cfg_options=cfg_options, **given)
        return cfg if cfg.get('stages') is None else stage_config(cfg, None, 1)
    return train_config.load_config(read, genotype, cfg_options=cfg_options, **given)


def _loaders(runner: Runner) -> dict[str, DataLoader]:
    """The loaders of all loops; building a loop builds them."""
    builds: dict[str, Callable[[], Any]] = {
        'train': lambda: runner.train_loop,
        'val': lambda: runner.val_loop,
        'test': lambda: runner.test_loop,
    }
    found = {}
    for name, build in builds.items():
        if getattr(runner, f'_{name}_loop') is not None:
            loop = build()
            found[name] = loop.dataloader
            if hasattr(loop, 'arch_dataloader'):
                found['architecture'] = loop.arch_dataloader
    return found


def _read(loader: DataLoader, full: bool) -> int:
    """Read one batch, or every sample; the number of images."""
    batch = next(iter(loader))
    if not full:
        return len(batch['inputs'])
    dataset: Any = loader.dataset
    quiet = not Console().is_terminal
    for index in track(range(len(dataset)), description='images', transient=True, disable=quiet):
        dataset[index]
    return len(dataset)


def _step(runner: Runner) -> float:
    """Seconds of one iteration, after one that warms up; without hooks."""
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.model.train()
    loop = runner.train_loop
    data: Any = next(iter(loop.dataloader))
    if hasattr(loop, 'arch_dataloader'):
        data = (data,) if loop.is_one_level else (data, next(iter(loop.arch_dataloader)))
    begin = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        runner.model.train_step(data, optim_wrapper=runner.optim_wrapper)
    return time.perf_counter() - begin


def _disk(runner: Runner) -> float:
    """Bytes of all checkpoints that are on the disk at once."""
    state = runner.model.state_dict().values()
    one = COPIES_PER_CHECKPOINT * sum(tensor.nbytes for tensor in state)
    saver = by_role(runner).get('checkpoint')
    kept = saver.max_keep_ckpts if saver else 0
    return one * (runner.max_epochs if kept < 0 else kept + 1)


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
