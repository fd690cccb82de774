"""Threads of a run: as asked for, kept by the run that goes on, and gone with it."""

import json
from typing import Any

import pytest
import torch

from ostrdet.engine.hooks import threads as module
from ostrdet.errors import InvalidValueError

SHORT = {'train_cfg.max_epochs': 1, 'train_cfg.portions': (0.015, 0.015)}
MORE = {**SHORT, 'train_cfg.max_epochs': 2}


def machine(run: Any) -> str:
    facts: dict[str, Any] = json.loads((run.folder / 'run.json').read_text(encoding='utf-8'))
    return str(facts['machine']['processes'])


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The most threads of every measurement, by which two are faster than one."""
    asked: list[int] = []

    def seconds(compute: Any, most: int) -> dict[int, float]:
        asked.append(most)
        return {1: 0.25, 2: 0.125}

    monkeypatch.setattr(module, 'seconds_by_threads', seconds)
    return asked


def test_the_fastest_number_is_said_recorded_and_kept(
    run_search: Any, measured: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    before = torch.get_num_threads()
    run = run_search(overrides=SHORT, threads='auto')
    out = capsys.readouterr().out
    assert out.startswith('threads    2, by the time of a pass (1: 0.25 s, 2: 0.125 s)\n')
    assert 'device     cpu, 2 threads' in out
    assert machine(run) == '1, 2 threads each'
    assert run.checkpoint(1)['threads'] == 2
    assert torch.get_num_threads() == before
    for again in ('auto', None):
        run = run_search(
            overrides={**MORE, 'train_cfg.max_epochs': 3}, resume='auto', threads=again
        )
        assert machine(run) == '1, 2 threads each'
    assert measured == [before]
    assert run.checkpoint(3)['threads'] == 2


def test_a_number_is_taken_as_it_is_and_a_change_is_said(
    run_search: Any, measured: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_search(overrides=SHORT, threads='2')
    assert machine(run) == '1, 2 threads each'
    run = run_search(overrides={**MORE, 'env_cfg.threads': 3}, resume='auto')
    assert machine(run) == '1, 3 threads each'
    assert '--resume: threads were 2, are 3: the last bits will differ' in capsys.readouterr().err
    assert not measured


def test_without_the_key_nothing_is_chosen_or_kept(run_search: Any, measured: list[int]) -> None:
    run = run_search(overrides=SHORT)
    assert machine(run) == f'1, {torch.get_num_threads()} threads each'
    assert 'threads' not in run.checkpoint(1)
    assert not measured


@pytest.mark.parametrize('threads', ['0', '-1', 'many', '1.5', '100000', 0])
def test_threads_are_a_number_or_auto(tiny_config: Any, tmp_path: Any, threads: Any) -> None:
    from ostrdet.apis.search import build_search

    expected = r"expected 'auto', or an integer in \[1, 1024\]"
    with pytest.raises(InvalidValueError, match=f'--threads {threads}: {expected}'):
        build_search(tiny_config(), work_dir=tmp_path, threads=threads)
    with pytest.raises(InvalidValueError, match=f'env_cfg.threads=.*{expected}'):
        build_search(tiny_config({'env_cfg.threads': threads}), work_dir=tmp_path)


def test_several_processes_measure_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'is_distributed', lambda: True)
    runner: Any = type('R', (), {'cfg': {'env_cfg': {'threads': 'auto'}}, 'world_size': 2})()
    with pytest.raises(InvalidValueError, match=r"env_cfg\.threads='auto' .* here are 2; give"):
        module.ThreadsHook().before_train(runner)
