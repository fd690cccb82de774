"""A study of two configs and three seeds, one run of which is killed, against its runs by themselves."""

import csv
import json
import os
import re
import signal
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ostrdet.apis.search import search
from ostrdet.commands import study as cli
from ostrdet.studies import page
from ostrdet.studies.plan import read_mark
from ostrdet.studies.results import group_results, read_results
from ostrdet.studies.study import plan, read_study, write_outputs
from ostrdet.visualization.study_page import StudyPage
from tests.conftest import REPO_ROOT, TINY

OPTIONS = {key: [*value] if isinstance(value, tuple) else value for key, value in TINY.items()}
STUDY = REPO_ROOT / 'configs' / 'studies' / 'digits.yaml'
METRICS = ('val_accuracy', 'arch_loss')
VICTIM = 'second-order_s1'


class Ended(NamedTuple):
    file: Path
    folder: Path
    status: int
    killed: list[int]


def kill_midway(folder: Path, killed: list[int]) -> None:
    """Kill the process that holds the work dir once it has finished an epoch."""
    trajectory = folder / 'trajectory.jsonl'
    while not trajectory.is_file() or not trajectory.stat().st_size:
        time.sleep(0.005)
    match = re.match(r'process (\d+)', (folder / '.lock').read_text(encoding='utf-8'))
    assert match is not None
    os.kill(int(match[1]), signal.SIGKILL)
    killed.append(int(match[1]))


@pytest.fixture(scope='module')
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The study of the digits, made small."""
    root = tmp_path_factory.mktemp('study')
    content = yaml.safe_load(STUDY.read_text(encoding='utf-8'))
    content |= {
        'cfg_options': {**OPTIONS, 'train_cfg.max_epochs': 3},
        'metrics': [*METRICS],
        'parallel': {'workers': 2, 'memory_gib': 1},
    }
    file, folder, killed = root / 'digits.yaml', root / 'digits', list[int]()
    file.write_text(yaml.safe_dump(content), encoding='utf-8')
    killer = threading.Thread(target=kill_midway, args=(folder / VICTIM, killed), daemon=True)
    killer.start()
    status = cli.main([str(file), '--work-dir', str(folder)])
    return Ended(file, folder, status, killed)


@pytest.fixture(scope='module')
def alone(ended: Ended, tmp_path_factory: pytest.TempPathFactory, quick_dump: None) -> Any:
    """The last lines of the same searches, each run by itself, by config and seed."""
    study, root = read_study(ended.file), tmp_path_factory.mktemp('alone')
    lines = {}
    for name, config in study.configs.items():
        for seed in study.seeds:
            folder = root / f'{name}{seed}'
            search(config, work_dir=folder, seed=seed, cfg_options=study.cfg_options)
            text = (folder / 'trajectory.jsonl').read_text(encoding='utf-8')
            lines[name, seed] = [json.loads(line) for line in text.splitlines()]
    return lines


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def test_the_killed_run_went_on_and_all_are_done(ended: Ended) -> None:
    assert (ended.status, len(ended.killed)) == (0, 1)
    marks = {run.name: read_mark(run) for run in plan(read_study(ended.file), ended.folder)}
    assert {name: mark and mark.attempts for name, mark in marks.items()} == {
        name: 1 + (name == VICTIM) for name in marks
    }
    assert len(marks) == 6


def test_every_run_is_as_it_would_be_by_itself(ended: Ended, alone: Any) -> None:
    for (config, seed), lines in alone.items():
        text = (ended.folder / f'{config}_s{seed}' / 'trajectory.jsonl').read_text(encoding='utf-8')
        found = [json.loads(line) for line in text.splitlines()]
        assert without_time(found) == without_time(lines)


def without_time(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != 'seconds'} for line in lines]


def test_the_table_is_that_of_the_single_runs(ended: Ended, alone: Any) -> None:
    found = {row['config']: row for row in rows(ended.folder / 'table.csv')}
    assert [*found] == ['first-order', 'second-order']
    for config, row in found.items():
        last = [lines[-1] for (name, _), lines in alone.items() if name == config]
        values = {
            'val_accuracy': [line['val_accuracy'] for line in last],
            'arch_loss': [line['losses']['arch_loss'] for line in last],
        }
        assert (row['done'], row['planned']) == ('3', '3')
        for metric in METRICS:
            assert float(row[f'{metric} mean']) == pytest.approx(statistics.fmean(values[metric]))
            assert float(row[f'{metric} std']) == pytest.approx(statistics.stdev(values[metric]))
            assert row[f'{metric} n'] == '3'
    assert '†' not in (ended.folder / 'table.md').read_text(encoding='utf-8')


def test_single_runs_are_listed_with_their_cells(ended: Ended, alone: Any) -> None:
    found = {(row['config'], int(row['seed'])): row for row in rows(ended.folder / 'runs.csv')}
    assert found.keys() == alone.keys()
    for key, lines in alone.items():
        assert found[key]['cell'] == lines[-1]['genotypes']['OperationStrength']
        assert float(found[key]['val_accuracy']) == lines[-1]['val_accuracy']


def test_the_page_stands_alone_and_shows_every_metric(ended: Ended) -> None:
    text = (ended.folder / 'study.html').read_text(encoding='utf-8')
    assert '<dd>6 of 6</dd>' in text
    assert text.count('<svg') == 4  # two metrics, run by run and epoch by epoch
    assert "default-src 'none'" in text
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text)  # there are no reports to link to
    labels = re.findall(r'aria-label="([^"]+)"', text)
    assert len(set(labels)) == len(labels)


def test_what_is_done_is_not_run_again(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [str(ended.file), '--work-dir', str(ended.folder)]
    before = (ended.folder / 'table.csv').read_bytes()
    assert cli.main([*argv, '--resume']) == 0
    assert 'start' not in capsys.readouterr().out
    assert (ended.folder / 'table.csv').read_bytes() == before
    assert cli.main(argv) == 2
    assert 'holds runs of a study already: give --resume' in capsys.readouterr().err


def test_a_run_that_is_not_done_is_in_no_mean(ended: Ended, tmp_path: Path) -> None:
    study = read_study(ended.file)
    runs = plan(study, ended.folder)
    mark = runs[0].work_dir / 'study.json'
    content = mark.read_bytes()
    mark.unlink()  # its trajectory stays
    try:
        write_outputs(study, runs, tmp_path, '')
    finally:
        mark.write_bytes(content)
    row = rows(tmp_path / 'table.csv')[0]
    left = [row for row in rows(ended.folder / 'runs.csv') if row['config'] == 'first-order'][1:]
    assert (row['done'], row['planned'], row['val_accuracy n']) == ('2', '3', '2')
    mean = statistics.fmean(float(one['val_accuracy']) for one in left)
    assert float(row['val_accuracy mean']) == pytest.approx(mean)
    assert 'first-order_s0 (not run)' in (tmp_path / 'table.md').read_text(encoding='utf-8')


CRITERIA = ('OperationStrength', 'Magnitude')


@pytest.fixture
def accuracies(ended: Ended) -> Iterator[dict[str, float]]:
    """An accuracy by the table for every criterion, as if the runs had had one."""
    found = {'OperationStrength': 90.0, 'Magnitude': 50.0}
    told = {
        path: path.read_text(encoding='utf-8') for path in ended.folder.glob('*/trajectory.jsonl')
    }
    for path, text in told.items():
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            line['benchmark'] = {
                name: {'cifar10': value + line['epoch']} for name, value in found.items()
            }
        path.write_text('\n'.join(map(json.dumps, lines)) + '\n', encoding='utf-8')
    yield found
    for path, text in told.items():
        path.write_text(text, encoding='utf-8')


def test_criteria_have_curves_and_cells_of_their_own(
    ended: Ended, accuracies: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = ('cifar10', 'val_accuracy')
    study = replace(read_study(ended.file), criteria=CRITERIA, metrics=metrics)
    results = read_results(study, plan(study, ended.folder))
    pages: list[StudyPage] = []
    monkeypatch.setattr(page, 'render_study', lambda shown: pages.append(shown) or '')
    page.study_page(study, group_results(study, results), results, '')
    (shown,) = pages
    groups = [f'{config}, {name}' for config in study.configs for name in CRITERIA]
    shared = [f'{config}, all criteria' for config in study.configs]
    for found in (shown.curves, shown.values):
        assert {title: [*found[title]] for title in found} == {
            'cifar10 (%)': groups,
            'supernet accuracy (%)': shared,
        }
    for group in groups:
        value = accuracies[group.partition(', ')[2]]
        expected = [[value + epoch for epoch in (1, 2, 3)]] * 3
        assert shown.curves['cifar10 (%)'][group].tolist() == expected
        assert shown.values['cifar10 (%)'][group] == [value + 3] * 3
    for entry in shown.runs:
        text = (ended.folder / entry.name / 'trajectory.jsonl').read_text(encoding='utf-8')
        chosen = json.loads(text.splitlines()[-1])['genotypes']
        assert entry.cells == {name: chosen[name] for name in CRITERIA}


def test_seeds_are_compared_in_pairs(ended: Ended, alone: Any) -> None:
    found = {row['metric']: row for row in rows(ended.folder / 'pairs.csv')}
    assert [*found] == [*METRICS]
    last = {key: lines[-1]['val_accuracy'] for key, lines in alone.items()}
    differences = [last['second-order', seed] - last['first-order', seed] for seed in (0, 1, 2)]
    row = found['val_accuracy']
    assert float(row['mean difference']) == pytest.approx(statistics.fmean(differences))
    assert (row['n'], int(row['wins'])) == ('3', sum(value > 0 for value in differences))
    assert '| against first-order |' in (ended.folder / 'table.md').read_text(encoding='utf-8')


def test_ray_that_is_missing_is_asked_for(
    ended: Ended,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(__import__('sys').modules, 'ray', None)
    assert cli.main([str(ended.file), '--work-dir', str(tmp_path), '--ray']) == 2
    assert "--ray needs the package ray: pip install 'ostrdet[ray]'" in capsys.readouterr().err
