"""A long search that is killed again and again: neither its memory nor its checkpoints grow.

    python tests/reliability/test_soak.py --epochs 300 --every 30

runs the long version. Runs are forked from a process that has imported everything.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CONTEXT = multiprocessing.get_context('fork')
#: A run that goes on keeps the text of the config that it began with beside its own: once, 1.4 % here.
MOST_MEMORY, MOST_DISK = 0.05, 0.02
#: Seconds between two looks at a run.
TICK = 0.2
#: The digits at 8x8 pixels, 4 iterations per epoch.
SMALL = {
    'model.supernet.channels': 4,
    'train_cfg.portions': (0.05, 0.05),
    'train_dataloader.batch_size': 16,
    'train_dataloader.dataset.size': 8,
    'val_dataloader.dataset.size': 8,
}


@dataclass
class Soak:
    """What was seen.

    Attributes:
        memory: Resident bytes of each process, at every look after its first own checkpoint.
        sizes: Bytes of every checkpoint, by epoch.
        kills: Processes that were killed.
    """

    memory: list[list[int]] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    kills: int = 0

    def memory_growth(self) -> float:
        """The largest of any process, from its first look on and from that of the first process."""
        peaks = [max(looks) for looks in self.memory if looks]
        first = next(looks[0] for looks in self.memory if looks)
        within = (max(looks) / looks[0] for looks in self.memory if looks)
        return max(max(peaks) / first, *within) - 1

    def disk_growth(self) -> float:
        """Of the largest checkpoint over that of the first epoch."""
        return max(self.sizes.values()) / self.sizes[min(self.sizes)] - 1


def _run(config: Any, folder: Path) -> None:
    import torch

    from ostrdet.apis.search import search

    torch.set_num_threads(1)
    search(config, work_dir=folder, resume='auto')


def resident(process: int) -> int:
    """Resident bytes of a process; 0 once it is gone."""
    try:
        pages = Path(f'/proc/{process}/statm').read_text(encoding='ascii').split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(pages) * os.sysconf('SC_PAGE_SIZE')


def _sizes(folder: Path) -> Iterator[tuple[int, int]]:
    for path in folder.glob('epoch_*.pth'):
        if '_iter_' in path.name:  # saved before the validation, and gone after it
            continue
        try:
            yield int(path.stem.removeprefix('epoch_')), path.stat().st_size
        except FileNotFoundError:  # an old one, that has just gone
            continue


def soak(make: Callable[[], Any], folder: Path, every: float) -> Soak:
    """A search to its end, killed every ``every`` seconds."""
    found = Soak()
    while True:
        child = CONTEXT.Process(target=_run, args=(make(), folder))
        child.start()
        begin, known, looks = time.monotonic(), set(found.sizes), []
        while child.is_alive() and time.monotonic() - begin < every:
            child.join(TICK)
            found.sizes |= dict(_sizes(folder))
            now = resident(child.pid or 0)
            if now and set(found.sizes) - known:
                looks.append(now)
        found.memory.append(looks)
        if not child.is_alive():
            assert child.exitcode == 0
            return found
        child.kill()
        child.join()
        found.kills += 1


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
def test_a_search_that_is_killed_does_not_grow(tiny_config: Any, tmp_path: Path) -> None:
    epochs = 12
    found = soak(lambda: tiny_config({'train_cfg.max_epochs': epochs}), tmp_path, every=4)
    assert set(found.sizes) <= set(range(1, epochs + 1))
    assert epochs in found.sizes
    assert found.disk_growth() <= MOST_DISK
    assert found.memory_growth() <= MOST_MEMORY


def test_growth_is_that_of_the_worst_process() -> None:
    found = Soak([[], [100, 102], [98, 104, 101]], {1: 1000, 2: 1000, 9: 1005})
    assert found.memory_growth() == pytest.approx(104 / 98 - 1)
    assert found.disk_growth() == pytest.approx(0.005)


def main() -> None:
    """The long version, on the digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--epochs', type=int, default=300)
    parser.add_argument('--every', type=float, default=30, help='seconds between kills')
    args = parser.parse_args()
    from ostrdet.compat import import_quietly

    import_quietly()
    from mmengine.config import Config

    file = Path(__file__).resolve().parents[2] / 'configs' / 'search' / 'ostr_nb201_digits.py'

    def make() -> Any:
        config = Config.fromfile(file)
        config.merge_from_dict({'train_cfg.max_epochs': args.epochs, **SMALL})
        return config

    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        found = soak(make, Path(folder), args.every)
        seconds = time.monotonic() - begin
    memory, disk = found.memory_growth(), found.disk_growth()
    print(
        f'{args.epochs} epochs, {found.kills} kills, {seconds:.0f} s: memory grew by {memory:.2%}, '
        f'checkpoints by {disk:.2%} of {found.sizes[min(found.sizes)]:,} bytes'
    )
    assert memory <= MOST_MEMORY
    assert disk <= MOST_DISK


if __name__ == '__main__':
    main()
