"""A wheel alone, used from another folder: from a study of searches to a tested network and a drawing."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

SOURCES = (
    'ostrdet',
    'configs',
    'requirements',
    'setup.py',
    'pyproject.toml',
    'README.md',
    'LICENSE',
)
SMALL = ('train_cfg.max_epochs=1', 'train_dataloader.dataset.indices=96')
STUDY = """
configs: [ostrdet::search/ostr_nb201_digits.py]
seeds: [0]
cfg_options: {train_cfg.max_epochs: 1, 'train_cfg.portions': [0.05, 0.05]}
parallel: {memory_gib: 0.1}
"""


def pip(*arguments: str) -> None:
    quiet = ('--quiet', '--disable-pip-version-check', '--no-deps', '--no-index')
    subprocess.run([sys.executable, '-m', 'pip', *arguments, *quiet], check=True)


@pytest.fixture(scope='module')
def wheel(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since a build leaves files in its folder."""
    folder = tmp_path_factory.mktemp('wheel')
    for name in SOURCES:
        source, target = repo_root / name, folder / 'source' / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    pip('wheel', '--no-build-isolation', '--wheel-dir', str(folder), str(folder / 'source'))
    (found,) = folder.glob('*.whl')
    return found


class Reader:
    """Someone who has the wheel and nothing else of ours, in a folder of his own."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.folder, self.site = folder / 'here', folder / 'site'
        self.folder.mkdir()
        pip('install', '--target', str(self.site), str(wheel))

    def run(self, line: str) -> str:
        """What a command says; it has to succeed."""
        program, *arguments = shlex.split(line)
        assert program == 'ostrdet'
        done = subprocess.run(
            [sys.executable, str(self.site / 'bin' / program), *arguments],
            cwd=self.folder,
            env={**os.environ, 'PYTHONPATH': str(self.site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ''), (line, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(scope='module')
def reader(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(wheel, tmp_path_factory.mktemp('reader'))


def test_the_wheel_holds_every_config_and_template(wheel: Path, repo_root: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for pattern in ('*.py', '*.json', '*.yaml'):
        for path in (repo_root / 'configs').rglob(pattern):
            assert f'ostrdet/{path.relative_to(repo_root)}' in names
    templates = (repo_root / 'ostrdet' / 'visualization' / 'templates').iterdir()
    assert {str(path.relative_to(repo_root)) for path in templates} <= names
    assert not [name for name in names if name.startswith(('tools', 'tests', 'configs'))]


def test_a_project_of_ones_own_begins(reader: Reader) -> None:
    said = reader.run('ostrdet new mine').splitlines()
    assert said[-1] == 'next: cd mine && ostrdet search search.py'
    assert all((reader.folder / line.removeprefix('written: ')).is_file() for line in said[:-1])
    small = 'train_cfg.max_epochs=1 train_cfg.portions=(0.05,0.05)'
    reader.run(f'ostrdet search mine/search.py --work-dir found --cfg-options {small}')
    shown = reader.run('ostrdet genotype show found/genotype.json')
    assert re.search(r'^criterion +ShareOfStrength$', shown, re.MULTILINE)


def test_its_configs_are_those_of_the_wheel(reader: Reader) -> None:
    folder = Path(reader.run('ostrdet').splitlines()[-1])
    assert folder == reader.site / 'ostrdet' / 'configs'


def test_from_a_study_to_a_tested_network(reader: Reader) -> None:
    (reader.folder / 'small.yaml').write_text(STUDY, encoding='utf-8')
    assert 'written: work_dirs/small/study.html' in reader.run('ostrdet study small.yaml')
    run = reader.folder / 'work_dirs' / 'small' / 'ostr_nb201_digits_s0'
    said = (run / 'console.log').read_text(encoding='utf-8')
    (training,) = re.findall(r'^next: (.+)$', said, re.MULTILINE)
    assert training.startswith('ostrdet train ostrdet::retrain/nb201_digits.py --genotype ')
    said = reader.run(f'{training} --work-dir trained --cfg-options {shlex.join(SMALL)}')
    (testing,) = re.findall(r'^next: (.+)$', said, re.MULTILINE)
    assert re.match(r'accuracy/top1 +\d', reader.run(testing))
    shown = reader.run(f'ostrdet genotype show {run}/genotype.json')
    assert re.search(r'^criterion +OperationStrength$', shown, re.MULTILINE)
    reader.run(f'ostrdet draw {run}/genotype.json --out cell.svg')
    assert '<svg' in (reader.folder / 'cell.svg').read_text(encoding='utf-8')
