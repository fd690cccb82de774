"""The report of a running search: written every epoch, and never in its way."""

import json
from pathlib import Path
from typing import Any

import pytest

from ostrdet.engine.hooks import report as module
from ostrdet.records.run_facts import read_run_facts
from ostrdet.visualization.report.report import report_of

REPORT = {
    'default_hooks.report.interval': 1,
    'default_hooks.report.train_config': 'configs/retrain/a.py',
}


def test_the_page_is_that_of_the_work_dir(
    run_search: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_search(overrides=REPORT)
    assert capsys.readouterr().out.endswith(f'report: {run.folder / "report.html"}\n')
    page = (run.folder / 'report.html').read_text(encoding='utf-8')
    assert page == report_of(run.folder)
    assert '2 of 2' in page
    assert not list(run.folder.glob('.*.tmp'))


def test_facts_are_those_of_the_run(run_search: Any) -> None:
    run = run_search(overrides={**REPORT, 'train_cfg.max_epochs': 1}, seed=3)
    facts = read_run_facts(run.folder)
    assert facts.space == run.runner.model.space.to_config()
    assert (facts.criterion, facts.seed, facts.max_epochs) == ('OperationStrength', 3, 1)
    assert facts.config == 'ostr_nb201_digits.py'
    assert 'BilevelSearcher' in facts.config_text
    assert {'ostrdet', 'torch', 'python'} <= set(facts.versions)
    assert facts.machine['device'].startswith('cpu')
    genotype = run.folder / 'genotype.json'
    command = f'python tools/train.py configs/retrain/a.py --genotype {genotype}'
    assert facts.next_command == command
    assert facts.op_kinds['skip_connect'] == 'identity'


@pytest.mark.parametrize(('interval', 'expected'), [(1, [1, 2, 3]), (2, [2, 3]), (0, [])])
def test_the_page_is_rewritten_after_so_many_epochs(
    run_search: Any, monkeypatch: pytest.MonkeyPatch, interval: int, expected: list[int]
) -> None:
    lengths = []

    def spy(folder: str) -> str:
        lengths.append(len((Path(folder) / 'trajectory.jsonl').read_text().splitlines()))
        return report_of(folder)

    monkeypatch.setattr(module, 'report_of', spy)
    more = {'default_hooks.report.interval': interval, 'train_cfg.max_epochs': 3}
    run_search(overrides={**REPORT, **more, 'train_cfg.portions': (0.015, 0.015)})
    assert lengths == expected


@pytest.mark.parametrize('interval', [-1, 1.5, None])
def test_an_interval_is_a_number_of_epochs(interval: Any) -> None:
    with pytest.raises(ValueError, match=r'default_hooks\.report\.interval='):
        module.ReportHook(interval=interval)


def test_a_page_that_fails_is_one_warning_and_the_search_goes_on(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: str) -> str:
        raise ZeroDivisionError('no picture')

    monkeypatch.setattr(module, 'report_of', fail)
    run = run_search(overrides=REPORT)
    assert len(run.lines) == 2
    assert not (run.folder / 'report.html').exists()
    log = (run.folder / 'run.log').read_text(encoding='utf-8')
    assert log.count('ReportHook: ZeroDivisionError: no picture') == 1


def test_a_folder_in_the_place_of_the_page_stops_nothing(run_search: Any, tmp_path: Path) -> None:
    (tmp_path / 'run' / 'report.html').mkdir(parents=True)
    run = run_search(overrides=REPORT)
    assert len(run.lines) == 2
    assert 'ReportHook: IsADirectoryError' in (run.folder / 'run.log').read_text(encoding='utf-8')


def test_only_the_main_process_writes(run_search: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('report', 'side_show'):
        monkeypatch.setattr(f'ostrdet.engine.hooks.{name}.is_main_process', lambda: False)
    run = run_search(overrides={**REPORT, 'train_cfg.max_epochs': 1})
    assert not (run.folder / 'report.html').exists()
    assert not (run.folder / 'run.json').exists()


def test_a_resumed_search_reports_all_epochs(run_search: Any) -> None:
    run_search(overrides={**REPORT, 'train_cfg.max_epochs': 1})
    run = run_search(overrides=REPORT, resume='auto')
    assert '2 of 2' in (run.folder / 'report.html').read_text(encoding='utf-8')
    assert json.loads((run.folder / 'run.json').read_text())['max_epochs'] == 2
