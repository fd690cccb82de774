"""What a search in stages says of all of them: the time that is left, the page on top, studies."""

import re
from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.search import search
from ostrdet.records.search_log import lines_of
from ostrdet.studies.metrics import METRICS, read_cells
from ostrdet.visualization.report.report import report_of

STAGES: list[dict[str, Any]] = [{}, {'keep': 3}]


def test_the_time_of_all_stages_is_told_until_the_last_one(
    tiny_config: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search(tiny_config({'stages': STAGES}), work_dir=tmp_path)
    first, second = capsys.readouterr().out.split('stage 2 of 2')
    assert first.count('s, of all stages ') == 3  # the plan, and two epochs
    assert 'of all stages' not in second
    assert second.count(', ETA ') == 2


def test_a_page_on_top_shows_all_stages(
    tiny_config: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = {'train_cfg.max_epochs': 1, 'default_hooks.report.interval': 1, 'stages': STAGES}
    search(tiny_config(one), work_dir=tmp_path)
    page = tmp_path / 'report.html'
    assert capsys.readouterr().out.count(f'report of all stages: {page}\n') == 2
    assert page.read_text(encoding='utf-8') == report_of(tmp_path)
    links = re.findall(r'href="(stage_[^"]*)"', report_of(tmp_path))
    assert [(tmp_path / link).is_file() for link in links] == [True, True]


def test_a_page_that_fails_ends_no_search(
    tiny_config: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(work_dir: str) -> str:
        if Path(work_dir) == tmp_path:
            raise OSError('no room')
        return 'a page'

    monkeypatch.setattr('ostrdet.visualization.report.report.report_of', fail)
    one = {'train_cfg.max_epochs': 1, 'default_hooks.report.interval': 1, 'stages': STAGES}
    search(tiny_config(one), work_dir=tmp_path)
    assert (tmp_path / 'genotype.json').is_file()
    assert capsys.readouterr().err.count('report.html: OSError: no room') == 2


def test_a_study_reads_the_last_stage_and_the_time_of_all(tiny_config: Any, tmp_path: Path) -> None:
    search(tiny_config({'train_cfg.max_epochs': 1, 'stages': STAGES}), work_dir=tmp_path)
    (cell,) = read_cells(tmp_path, (), {})
    found = [lines_of(tmp_path / name) for name in ('stage_1', 'stage_2')]
    assert cell.text == found[1][-1]['genotypes']['OperationStrength']
    spent = sum(line['seconds'] for of_stage in found for line in of_stage)
    assert METRICS['minutes'].read(cell) == pytest.approx(spent / 60)
