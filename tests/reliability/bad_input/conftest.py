"""What the tests of bad input share: tiny configs in files, and what a refusal has to look like."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from ostrdet.commands import check as check_cli
from ostrdet.commands import genotype as genotype_cli
from ostrdet.commands import search as search_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli

TOOLS: dict[str, ModuleType] = {
    'search': search_cli,
    'train': train_cli,
    'test': evaluate_cli,
    'genotype': genotype_cli,
    'check': check_cli,
}
MAX_LINES = 8
SHORT = {'train_cfg.max_epochs': 1}
Refuse = Callable[..., str]


def snapshot(folder: Path) -> dict[str, str]:
    """The content of every file below a folder, as a checksum by name."""
    files = (path for path in folder.rglob('*') if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def call(tool: str, argv: list[str]) -> Any:
    """The exit status of a tool that runs in this process."""
    try:
        return TOOLS[tool].main(argv)
    except SystemExit as caught:
        return caught.code


@pytest.fixture
def refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Refuse:
    """Checks that a tool ends with a status and one message, that nothing is trained, nothing lost.

    Every pattern has to be in the message: the key or file, the value, what was expected, the mend.
    """

    def check(tool: str, argv: list[object], *patterns: str, status: int = 2) -> str:
        given = [str(argument) for argument in argv]
        if tool != 'genotype' and '--work-dir' not in given:
            given += ['--work-dir', str(tmp_path / 'refused')]
        before = snapshot(tmp_path)
        capfd.readouterr()
        found = call(tool, given)
        err = capfd.readouterr().err
        lines = err.splitlines()
        assert found == status, err
        assert 0 < len(lines) <= MAX_LINES
        assert 'Traceback' not in err
        assert [line.startswith('error: ') for line in lines] == [True]
        for pattern in patterns:
            assert re.search(pattern, err), f'{pattern} is not in: {err}'
        after = snapshot(tmp_path)
        assert before.items() <= after.items()
        added = [Path(name).name for name in after.keys() - before.keys()]
        assert not [name for name in added if name.endswith(('.pth', '.jsonl', 'type.json'))]
        return err

    return check


@pytest.fixture(scope='session')
def texts(tiny_config: Any, tiny_training: Any) -> dict[str, str]:
    """The configs of a search, a training, and a training on an image folder, of a second each."""
    folder = tiny_training({**SHORT, 'model.head.num_classes': 2, 'val_evaluator.topk': 1})
    steps = ({'type': 'ostrdet.LoadImage'}, {'type': 'CenterCrop', 'crop_size': 32})
    for key, split in (('train_dataloader', 'train'), ('val_dataloader', 'test')):
        folder[key].batch_size = 4
        folder[key].dataset = {
            'type': 'ostrdet.ImageFolder',
            'data_root': 'data/images',
            'split': split,
            'pipeline': [*steps, {'type': 'PackInputs'}],
        }
    configs = {'search': tiny_config(SHORT), 'train': tiny_training(SHORT), 'folder': folder}
    return {name: config.pretty_text for name, config in configs.items()}


@pytest.fixture
def write(texts: dict[str, str], tmp_path: Path) -> Callable[[str], Path]:
    """Writes one of the configs into a file of its name."""

    def make(name: str) -> Path:
        path = tmp_path / f'{name}.py'
        path.write_text(texts[name], encoding='utf-8')
        return path

    return make


@pytest.fixture
def search_config(write: Callable[[str], Path]) -> Path:
    """The file of a search."""
    return write('search')


@pytest.fixture
def train_config(write: Callable[[str], Path]) -> Path:
    """The file of a training."""
    return write('train')


@pytest.fixture
def folder_config(write: Callable[[str], Path]) -> Path:
    """The file of a training on an image folder."""
    return write('folder')


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of 2 x 6 images to train on, and as many to test on."""
    pixels = np.random.default_rng(0)
    for split in ('train', 'test'):
        for name in ('cat', 'dog'):
            folder = tmp_path / 'images' / split / name
            folder.mkdir(parents=True)
            for index in range(6):
                image = pixels.integers(0, 255, (36, 34, 3), dtype=np.uint8)
                cv2.imwrite(str(folder / f'{index}.png'), image)
    return tmp_path / 'images'
