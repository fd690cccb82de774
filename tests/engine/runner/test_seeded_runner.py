"""The console stays quiet, and work dirs do not mix."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.search import build_search


def test_details_go_to_the_log_and_warnings_to_the_console(
    tiny_config: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = build_search(tiny_config(), work_dir=tmp_path).logger
    capsys.readouterr()
    logger.info('a detail')
    logger.warning('"FileClient" will be deprecated in future')
    assert capsys.readouterr() == ('', '')
    logger.warning('a warning')
    assert 'a warning' in capsys.readouterr().out
    log = (tmp_path / 'run.log').read_text(encoding='utf-8')
    assert 'a detail' in log
    assert 'a warning' in log


def test_a_resumed_search_goes_on_in_the_same_log(run_search: Any) -> None:
    run = run_search(overrides={'train_cfg.max_epochs': 1})
    log = run.folder / 'run.log'
    before = log.read_text(encoding='utf-8')
    run_search(overrides={'train_cfg.max_epochs': 2}, resume='auto')
    assert log.read_text(encoding='utf-8').startswith(before)
    assert len(log.read_text(encoding='utf-8')) > len(before)


def test_runs_in_folders_of_one_name_share_nothing(tiny_config: Any, tmp_path: Path) -> None:
    runners = [build_search(tiny_config(), work_dir=tmp_path / seed / 'run') for seed in ('0', '1')]
    for part in ('logger', 'message_hub', 'visualizer'):
        assert getattr(runners[0], part) is not getattr(runners[1], part)
    runners[1].logger.info('of the second')
    logs = [(tmp_path / seed / 'run' / 'run.log').read_text() for seed in ('0', '1')]
    assert ['of the second' in log for log in logs] == [False, True]
