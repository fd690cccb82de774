"""Commands and configs are named as the reader has them: by the scripts of a checkout, or as a wheel does."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from ostrdet import invocation
from ostrdet.invocation import as_here, command, find_config, packaged_name, program

CONFIG = 'configs/retrain/darts_c10.py'
PACKAGED = 'ostrdet::retrain/darts_c10.py'
SCRIPT = '/usr/lib/pytest'


@pytest.fixture(params=['checkout', 'elsewhere', 'console script'])
def scripts(
    request: pytest.FixtureRequest, repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Whether the scripts are what a reader runs here."""
    started = '/usr/local/bin/ostrdet' if request.param == 'console script' else SCRIPT
    monkeypatch.setattr(sys, 'argv', [started])
    monkeypatch.chdir(tmp_path if request.param == 'elsewhere' else repo_root)
    return bool(request.param == 'checkout')


def test_a_command_is_that_of_the_place(scripts: bool) -> None:
    tool = 'python tools/draw_genotype.py' if scripts else 'ostrdet draw-genotype'
    config = CONFIG if Path(CONFIG).exists() else PACKAGED
    assert command('draw_genotype', CONFIG) == f'{tool} {config}'
    told = as_here(f'try python tools/draw_genotype.py {CONFIG}')
    assert told == f'try {tool} {CONFIG if scripts else PACKAGED}'
    assert program('draw_genotype') == ('draw_genotype.py' if scripts else 'ostrdet draw-genotype')


def test_a_command_is_quoted(scripts: bool) -> None:
    words = ['out (1)/a b.py', '--genotype', "it's", '$HOME']
    assert shlex.split(command('train', *words))[-4:] == words


def test_scripts_of_another_project_are_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'search.py').touch()
    monkeypatch.chdir(tmp_path)
    assert command('search') == 'ostrdet search'


def test_a_config_that_lies_here_keeps_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command('train', 'configs/retrain/mine.py') == 'ostrdet train configs/retrain/mine.py'
    assert command('train', CONFIG) == f'ostrdet train {PACKAGED}'
    (tmp_path / CONFIG).parent.mkdir(parents=True)
    (tmp_path / CONFIG).touch()
    assert command('train', CONFIG) == f'ostrdet train {CONFIG}'


def test_an_installed_package_carries_its_configs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, 'PACKAGE', tmp_path / 'ostrdet')
    assert find_config(PACKAGED) == tmp_path / 'configs' / 'retrain' / 'darts_c10.py'
    inside = tmp_path / 'ostrdet' / 'configs' / 'retrain'
    inside.mkdir(parents=True)
    assert find_config(PACKAGED) == inside / 'darts_c10.py'
    assert packaged_name(CONFIG) is None
    (inside / 'darts_c10.py').touch()
    assert packaged_name(CONFIG) == PACKAGED
    assert packaged_name(f'my/{CONFIG}') is None


def test_only_our_prefix_is_looked_up() -> None:
    assert find_config('a/b.py') == Path('a/b.py')
    assert find_config(Path('mmdet::a.py')) == Path('mmdet::a.py')
    assert os.fspath(find_config(PACKAGED)).endswith(CONFIG)
