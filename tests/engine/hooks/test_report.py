"""The report of a running search: written now and then and at its end, and never in its way."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.apis.search import build_search
from ostrdet.engine.hooks import report as module
from ostrdet.errors import NonFiniteError
from ostrdet.records.run_facts import read_run_facts
from ostrdet.visualization.report.report import report_of

REPORT = {
    'default_hooks.report.interval': 1,
    'default_hooks.report.seconds': 0,
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


class Pages:
    """Epochs on every page that is drawn, and a clock that stands still but for drawing.

    Args:
        cost: What drawing a page takes, in seconds.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cost: float = 0.0) -> None:
        self.epochs: list[int] = []
        self.now, self.cost = 0.0, cost
        monkeypatch.setattr(f'{report_of.__module__}.report_of', self._draw)
        monkeypatch.setattr(module, 'monotonic', lambda: self.now)

    def _draw(self, folder: str) -> str:
        self.epochs.append(len((Path(folder) / 'trajectory.jsonl').read_text().splitlines()))
        self.now += self.cost
        return 'a page'


class TickHook(Hook):
    """Lets an epoch take 10 seconds, and ends the run by an error at the iteration ``end``."""

    priority = 'HIGHEST'

    def __init__(self, pages: Pages, end: int | None = None) -> None:
        self.pages, self.end = pages, end

    def after_train_epoch(self, runner: Runner) -> None:
        self.pages.now += 10.0

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == self.end:
            raise NonFiniteError('the end')


SHORT = {**REPORT, 'train_cfg.max_epochs': 6, 'train_cfg.portions': (0.015, 0.015)}


@pytest.mark.parametrize(('interval', 'expected'), [(1, [1, 2, 3]), (2, [2, 3]), (0, [])])
def test_the_page_is_rewritten_after_so_many_epochs(
    run_search: Any, monkeypatch: pytest.MonkeyPatch, interval: int, expected: list[int]
) -> None:
    pages = Pages(monkeypatch)
    more = {'default_hooks.report.interval': interval, 'train_cfg.max_epochs': 3}
    run_search(overrides={**SHORT, **more})
    assert pages.epochs == expected


@pytest.mark.parametrize(
    ('seconds', 'cost', 'expected'),
    [
        (25, 0.0, [3, 6]),  # epochs of 10 seconds end at 10, 20, ...
        (20, 0.0, [2, 4, 6]),
        (10, 1.0, [1, 3, 5, 6]),  # 20 seconds of search for one of drawing
        (10, 9.0, [1, 6]),
        (0, 9.0, [1, 2, 3, 4, 5, 6]),
        (1000, 0.0, [6]),
    ],
)
def test_pages_are_seldom_and_take_a_small_share(
    tiny_config: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    cost: float,
    expected: list[int],
) -> None:
    pages = Pages(monkeypatch, cost)
    config = tiny_config({**SHORT, 'default_hooks.report.seconds': seconds})
    runner = build_search(config, work_dir=tmp_path)
    runner.register_hook(TickHook(pages))
    runner.train()
    assert pages.epochs == expected


def test_a_run_that_an_error_ends_has_the_page_of_its_epochs(
    tiny_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = Pages(monkeypatch)
    config = tiny_config({**SHORT, 'default_hooks.report.seconds': 1000})
    runner = build_search(config, work_dir=tmp_path)
    runner.register_hook(TickHook(pages, end=2 * len(runner.train_loop.dataloader)))
    with pytest.raises(NonFiniteError, match='the end'):
        runner.train()
    assert pages.epochs == [2]


def test_an_early_stop_is_on_the_page(run_search: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Pages(monkeypatch)
    selector = {'type': 'SelectorHook', 'criterion': {'type': 'Magnitude'}, 'patience': 1}
    stop = {'default_hooks.selector': selector, 'optim_wrapper.arch.optimizer.lr': 1e-9}
    run = run_search(overrides={**SHORT, **stop, 'default_hooks.report.seconds': 1000})
    assert pages.epochs == [len(run.lines)]
    assert len(run.lines) < SHORT['train_cfg.max_epochs']


@pytest.mark.parametrize('seconds', [-1, float('inf'), float('nan'), None, '30'])
def test_seconds_are_a_number(seconds: Any) -> None:
    with pytest.raises(ValueError, match=r'default_hooks\.report\.seconds='):
        module.ReportHook(seconds=seconds)


@pytest.mark.parametrize('interval', [-1, 1.5, None])
def test_an_interval_is_a_number_of_epochs(interval: Any) -> None:
    with pytest.raises(ValueError, match=r'default_hooks\.report\.interval='):
        module.ReportHook(interval=interval)


def test_a_page_that_fails_is_one_warning_and_the_search_goes_on(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: str) -> str:
        raise ZeroDivisionError('no picture')

    monkeypatch.setattr(f'{report_of.__module__}.report_of', fail)
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
