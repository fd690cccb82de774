"""Hostile files: nothing in them is executed, imported or written outside, and one line says so.

``hostile_child.py`` opens them in a process with an audit hook; here its report is read.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

#: Runs that do what they are asked for, whatever lies beside them.
HARMLESS = {
    'a search',
    'a training',
    'code in the meta of a checkpoint',
    'work dir of links',
}
#: Families whose file is whole and of no harm, but not what was asked for.
NOT_DAMAGED = {'test, safetensors metadata'}
DAMAGED_KINDS = ('test, ', 'resume, ', 'load, ', 'publish, ', 'benchmark, ', 'data, ')
MAX_GROWTH_MIB = 128
Report = dict[str, dict[str, Any]]


@pytest.fixture(scope='module')
def folder(tiny_config: Any, tiny_training: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp('hostile') / 'inside'
    path.mkdir()
    (path.parent / 'victim').write_text('whole', encoding='utf-8')
    short = {'train_cfg.max_epochs': 1}
    for name, make in (('search', tiny_config), ('train', tiny_training)):
        (path / f'{name}.py').write_text(make(short).pretty_text, encoding='utf-8')
    return path


#: What this process was given, in which a fault may be seeded.
PATHS = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep) if path]


@pytest.fixture(scope='module')
def report(folder: Path, repo_root: Path) -> Report:
    done = subprocess.run(
        [sys.executable, 'tests/reliability/hostile_child.py', str(folder)],
        cwd=repo_root,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(repo_root), *PATHS])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: Report = json.loads((folder / 'report.json').read_text(encoding='utf-8'))
    return found


def families(report: Report, *but: str) -> Report:
    return {
        name: found
        for name, found in report.items()
        if not name.startswith('control') and name not in but
    }


def test_there_are_families_enough(report: Report) -> None:
    assert len(families(report, *HARMLESS)) >= 40


def test_the_hook_sees_what_other_readers_do(report: Report) -> None:
    controls = {
        name: found['seen'] for name, found in report.items() if name not in families(report)
    }
    assert set(controls) == {
        f'control: {name}' for name in ('pickle', 'getattr gadget', 'YAML tag', 'batch')
    }
    assert all(any('os.system' in event for event in seen) for seen in controls.values())


def test_nothing_is_executed_imported_or_written_outside(report: Report, folder: Path) -> None:
    assert {name: found['seen'] for name, found in families(report).items() if found['seen']} == {}
    assert (folder.parent / 'victim').read_text(encoding='utf-8') == 'whole'
    assert sorted(path.name for path in folder.parent.iterdir()) == ['inside', 'victim']


def test_one_line_says_what_is_wrong(report: Report) -> None:
    bad = {
        name: found['stderr']
        for name, found in families(report, *HARMLESS).items()
        if [line.startswith('error: ') for line in found['stderr'].splitlines()] != [True]
    }
    assert bad == {}


def test_the_status_tells_files_not_to_be_trusted_from_bad_input(report: Report) -> None:
    found = {name: entry['status'] for name, entry in families(report).items()}
    expected = {
        name: 0
        if name in HARMLESS
        else 3
        if name.startswith(DAMAGED_KINDS) and name not in NOT_DAMAGED
        else 2
        for name in found
    }
    assert found == expected


def test_no_file_makes_the_process_grow(report: Report) -> None:
    grown = {name: found['grown_mib'] for name, found in families(report, *HARMLESS).items()}
    assert {name: mib for name, mib in grown.items() if mib > MAX_GROWTH_MIB} == {}


def test_links_in_a_work_dir_are_replaced(report: Report, folder: Path) -> None:
    number = list(report).index('work dir of links')
    run = folder / 'runs' / str(number)
    assert sorted(path.name for path in run.iterdir() if path.is_symlink()) == []
    assert (run / 'epoch_1.pth').is_file()


def test_a_search_and_a_training_need_no_network(report: Report) -> None:
    for name in ('a search', 'a training'):
        assert (report[name]['status'], report[name]['seen']) == (0, [])
