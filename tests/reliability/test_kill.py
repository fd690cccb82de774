"""kill -9 at any moment: the run continues, and ends with the same bits.

    python tests/reliability/test_kill.py --kills 100 [--coco DIR]

runs the long version; detection needs images in the layout of COCO. Runs are forked from a process that has imported everything.
"""

import argparse
import hashlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CONTEXT = multiprocessing.get_context('fork')
#: What of a checkpoint must be equal to the bit.
PARTS = ('state_dict', 'optimizer', 'param_schedulers', 'selector')
EPOCHS = 3

#: What the search and the trainings are called in the long version, and their configs.
SUBJECTS = {
    'search': 'search/ostr_nb201_digits.py',
    'train': 'retrain/nb201_digits.py',
    'detect': 'retinanet/retinanet_darts-v2_fpn_coco-mini.py',
}
#: The detector of a laptop, cut to what 4 images and seconds allow.
CUT = {
    'model.backbone.num_cells': 3,
    'train_dataloader.batch_size': 2,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 6,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
    'val_dataloader.dataset.indices': 2,
    'train_cfg.val_interval': 1,
    'default_hooks.checkpoint.interval': 1,
}


@dataclass(frozen=True)
class Subject:
    """A run that is killed.

    Attributes:
        kind: 'search', 'train' or 'detect'.
        make: Its config; the argument is 0 for the run that nobody kills.
        data_root: Folder of its images, if it needs one.
    """

    kind: str
    make: Callable[[int], Any]
    data_root: Path | None = None


def _update(hashed: Any, value: Any) -> None:
    """Hash tensors by their bytes, dicts and lists by what they hold, the rest by its text."""
    import torch

    if isinstance(value, torch.Tensor):
        hashed.update(value.detach().cpu().contiguous().numpy().tobytes())
    elif isinstance(value, dict):
        for key in value:
            hashed.update(str(key).encode())
            _update(hashed, value[key])
    elif isinstance(value, list | tuple):
        for item in value:
            _update(hashed, item)
    else:
        hashed.update(repr(value).encode())


def digest(folder: Path) -> str:
    """SHA-256 of all that a run ends with: weights, alphas, optimizers, scores, genotype."""
    from ostrdet.engine.checkpoint import read_checkpoint

    checkpoint = read_checkpoint(folder / f'epoch_{EPOCHS}.pth')
    hashed = hashlib.sha256()
    for part in PARTS:
        _update(hashed, checkpoint.get(part))
    if (folder / 'genotype.json').is_file():
        hashed.update((folder / 'genotype.json').read_bytes())
    return hashed.hexdigest()


def _run(subject: Subject, turn: int, folder: Path, fatal_sync: int | None) -> None:
    """The child: a run that, where asked, dies inside of its n-th synchronisation of a file."""
    import torch

    from ostrdet.apis.search import search
    from ostrdet.apis.train import train

    torch.set_num_threads(1)
    calls, sync = [0], os.fsync

    def deadly(handle: int) -> None:
        calls[0] += 1
        if calls[0] == fatal_sync:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(handle)

    os.fsync = deadly
    function = search if subject.kind == 'search' else train
    config, data_root = subject.make(turn), subject.data_root
    function(config, work_dir=folder, resume='auto', data_root=data_root)


def start(subject: Subject, turn: int, folder: Path, fatal_sync: int | None = None) -> Any:
    """A run in a process of its own."""
    child = CONTEXT.Process(target=_run, args=(subject, turn, folder, fatal_sync))
    child.start()
    return child


def kill_until_done(subject: Subject, folder: Path, kills: int, seed: int) -> tuple[int, int]:
    """Run to the end, killed ``kills`` times, every other time inside of a save.

    Returns:
        Kills, and those of them inside of a save.
    """
    draw, done, in_save = np.random.default_rng(seed), 0, 0
    while done < kills:
        saving = done % 2 == 0
        child = start(subject, seed, folder, int(draw.integers(1, 9)) if saving else None)
        if not saving:
            child.join(float(draw.uniform(0.05, 1.5)))
            child.kill()
        child.join()
        if child.exitcode == 0:  # it was faster, or there was nothing left to do
            break
        assert child.exitcode == -signal.SIGKILL
        done, in_save = done + 1, in_save + saving
    last = start(subject, seed, folder)
    last.join()
    assert last.exitcode == 0
    return done, in_save


def check(subject: Subject, folder: Path, kills: int, each: int = 3) -> tuple[int, int]:
    """Compare killed runs with an uninterrupted one until there were ``kills`` kills."""
    whole = start(subject, 0, folder / 'whole')
    whole.join()
    expected, done, in_save, turn = digest(folder / 'whole'), 0, 0, 0
    while done < kills:
        run = folder / f'killed-{turn}'
        found = kill_until_done(subject, run, each, seed=turn + 1)
        assert digest(run) == expected, f'{run} ended elsewhere'
        done, in_save, turn = done + found[0], in_save + found[1], turn + 1
    return done, in_save


#: What a kind needs: the fixture that makes its config, and what to change.
TINY: dict[str, tuple[str, dict[str, Any]]] = {
    'search': ('tiny_config', {}),
    'train': ('tiny_training', {}),
    'detect': (
        'tiny_detector',
        {'param_scheduler': [{'type': 'LinearLR', 'by_epoch': False, 'begin': 0, 'end': 6}]},
    ),
}


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize('kind', TINY)
@pytest.mark.parametrize('workers', [0, 2])
def test_killed_runs_end_as_if_nothing_was(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, workers: int
) -> None:
    name, overrides = TINY[kind]
    fixture = request.getfixturevalue(name)

    def make(turn: int) -> Any:
        several = {'train_dataloader.num_workers': workers if turn else 0}
        return fixture({'train_cfg.max_epochs': EPOCHS, **overrides, **several})

    data_root = request.getfixturevalue('coco') if kind == 'detect' else None
    kills, in_save = check(Subject(kind, make, data_root), tmp_path, kills=3)
    assert kills >= 3
    assert in_save >= kills / 4


def _subject(kind: str, coco: Path | None) -> Subject:
    from mmengine.config import Config

    def make(turn: int) -> Any:
        config = Config.fromfile(Path(__file__).resolve().parents[2] / 'configs' / SUBJECTS[kind])
        options = {'train_cfg.max_epochs': EPOCHS, 'train_dataloader.num_workers': turn % 3}
        config.merge_from_dict(options)
        if kind == 'detect':  # it learns its images by heart and augments none: here, it must
            config.merge_from_dict(CUT)
            config.train_dataloader.dataset.pipeline.insert(3, {'type': 'RandomFlip', 'prob': 0.5})
        return config

    return Subject(kind, make, coco if kind == 'detect' else None)


def main() -> None:
    """The long version, on the digits and on images of COCO."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=100, help='kills of each kind of run')
    parser.add_argument('--coco', type=Path, help='folder of the images of the detector')
    parser.add_argument('--kind', nargs='+', choices=SUBJECTS, default=list(SUBJECTS))
    args = parser.parse_args()
    from ostrdet.compat import import_quietly

    import_quietly()
    for kind in args.kind:
        if kind == 'detect' and args.coco is None:
            print('detect: not run, there is no --coco')
            continue
        with tempfile.TemporaryDirectory() as folder:
            begin = time.monotonic()
            found = check(_subject(kind, args.coco), Path(folder), args.kills)
            seconds = time.monotonic() - begin
        print(f'{kind}: {found[0]} kills, {found[1]} inside a save, all equal, {seconds:.0f} s')


if __name__ == '__main__':
    main()
