"""What docs/own-data.md shows works as it stands there, on pictures of noise."""

import importlib
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import cv2
import numpy as np
import pytest

SMALL = {
    'search': ['model.supernet.channels=4', 'model.supernet.num_cells=3'],
    'train': ['model.backbone.channels=4', 'model.backbone.num_cells=3'],
}
LOADERS = [
    f'{part}_dataloader.{key}'
    for part in ('train', 'val')
    for key in ('batch_size=8', 'num_workers=0', 'persistent_workers=False')
]


@pytest.fixture(scope='module')
def page(repo_root: Path) -> str:
    return (repo_root / 'docs' / 'own-data.md').read_text(encoding='utf-8')


@pytest.fixture(scope='module')
def folder(repo_root: Path, page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout's configs with those of the page, and a data set of two classes."""
    path = tmp_path_factory.mktemp('own')
    shutil.copytree(repo_root / 'configs', path / 'configs')
    for name, text in re.findall(r'^    # (configs/\S+)\n((?:    .+\n)+)', page, re.MULTILINE):
        (path / name).write_text(dedent(text), encoding='utf-8')
    images = np.random.default_rng(0)
    for split, number in (('train', 16), ('test', 4), ('val', 4)):
        for brightness, name in ((80, 'cat'), (160, 'dog')):
            (path / 'photos' / split / name).mkdir(parents=True)
            for index in range(number):
                pixels = images.integers(brightness, brightness + 80, (48, 64, 3), dtype=np.uint8)
                cv2.imwrite(str(path / 'photos' / split / name / f'{index}.png'), pixels)
    return path


def commands(page: str) -> Iterator[list[str]]:
    """Those of the page, without the interpreter."""
    for line in re.findall(r'^    python (.+)$', page.replace('\\\n', ' '), re.MULTILINE):
        yield shlex.split(line)


def smaller(tool: str, arguments: list[str]) -> list[str]:
    """The arguments of a run that takes seconds."""
    arguments = [word.replace('epoch_600', 'epoch_1') for word in arguments]
    if tool == 'test':
        return arguments
    part = SMALL['search' if 'configs/search/pets.py' in arguments else 'train']
    epochs = [] if tool == 'check' else ['train_cfg.max_epochs=1']
    given = [] if '--cfg-options' in arguments else ['--cfg-options']
    return [*arguments, *given, *part, *LOADERS, *epochs]


@pytest.mark.filterwarnings("ignore:Only use 'alpha':UserWarning")  # mmcv, of its own call
def test_the_commands_lead_from_photos_to_a_tested_network(
    page: str,
    folder: Path,
    quick_dump: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    ran = []
    for script, *arguments in commands(page):
        tool = Path(script).stem
        main = importlib.import_module(f'ostrdet.commands.{tool}').main
        status, printed = main(smaller(tool, arguments)), capfd.readouterr()
        assert status == 0, printed.err
        ran.append((tool, printed.out))
    assert [tool for tool, _ in ran] == ['check', 'search', 'train', 'test', 'train']
    outputs = [text for _, text in ran]
    assert re.search(r'16 \+ 16 images of ImageFolder', outputs[1])
    assert re.search(r'accuracy/top1 +\d', outputs[3])
    assert re.search(r'32 images of ImageFolder', outputs[4])
