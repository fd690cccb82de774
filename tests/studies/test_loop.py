"""Retries, giving up and stopping, with a pool whose attempts end as a script says."""

import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from ostrdet.engine.checkpoint import work_dir_lock
from ostrdet.studies import loop
from ostrdet.studies.console import StudyConsole
from ostrdet.studies.file import Parallel
from ostrdet.studies.plan import DONE, FAILED, OPEN, Run, read_mark, state_of
from ostrdet.studies.pools import Attempt, Ending, LocalPool, available_gib, num_cores

OK, KILLED = Ending(0, ''), Ending(-9, 'killed by SIGKILL')
Captured = pytest.CaptureFixture[str]


class ScriptedPool:
    """Attempts that end at once, as the script of their run says; without one they wait for a stop."""

    def __init__(self, script: dict[Run, Sequence[Ending]], size: int = 2) -> None:
        self.script = {run: list(endings) for run, endings in script.items()}
        self.size, self.running, self.most = size, list[Run](), 0
        self.stops: list[bool] = []

    def has_room(self) -> bool:
        return len(self.running) < self.size

    def start(self, run: Run) -> None:
        self.running.append(run)
        self.most = max(self.most, len(self.running))

    def collect(self) -> list[tuple[Run, Ending]]:
        ended = [(run, self.script[run].pop(0)) for run in self.running if self.script[run]]
        self.running = [run for run in self.running if run not in dict(ended)]
        return ended

    def stop(self, kill: bool = False) -> None:
        self.stops.append(kill)
        for run in self.running:
            if kill or len(self.stops) == 1:
                self.script[run].append(Ending(143, 'stopped'))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, 'INTERVAL', 0.001)


def run_all(pool: Any, retries: int = 1) -> int:
    runs = [*pool.script]
    with StudyConsole('study', runs) as console:
        return loop.run_all(runs, pool, retries, console)


def test_a_killed_run_is_tried_again_and_counts_its_attempts(
    make_run: Any, capsys: Captured
) -> None:
    runs = [make_run(seed) for seed in range(3)]
    pool = ScriptedPool({runs[0]: [OK], runs[1]: [KILLED, OK], runs[2]: [OK]})
    assert run_all(pool) == 0
    marks = [read_mark(run) for run in runs]
    assert [mark and (mark.state, mark.attempts) for mark in marks] == [
        (DONE, 1),
        (DONE, 2),
        (DONE, 1),
    ]
    assert pool.most == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'study: 3 runs, 0 of them done already'
    assert 'failed a_s1: killed by SIGKILL; retry 1 of 1 from the start' in lines
    assert lines[-1] == 'done a_s1 in 0 s at attempt 2, 3 of 3'


@pytest.mark.parametrize('retries', [0, 2])
def test_a_run_that_keeps_failing_is_given_up_and_the_others_go_on(
    make_run: Any, retries: int, capsys: Captured
) -> None:
    bad, good = make_run(0), make_run(1)
    ending = Ending(2, 'the loss is nan')
    assert run_all(ScriptedPool({bad: [ending] * (retries + 1), good: [OK]}, 1), retries) == 0
    mark = read_mark(bad)
    assert mark is not None
    assert (mark.state, mark.attempts, mark.message) == (FAILED, retries + 1, 'the loss is nan')
    assert state_of(good) == DONE
    assert f'given up a_s0 after {retries + 1} attempts: the loss is nan' in capsys.readouterr().out


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_runs_and_starts_no_more(
    make_run: Any, capsys: Captured, number: int
) -> None:
    runs = [make_run(seed) for seed in range(3)]
    pool = ScriptedPool({runs[0]: [], runs[1]: [], runs[2]: [OK]})
    start = pool.start

    def start_and_stop(run: Run) -> None:
        start(run)
        if run == runs[1]:
            os.kill(os.getpid(), signal.SIGTERM)

    pool.start = start_and_stop  # type: ignore[method-assign]
    before = signal.getsignal(signal.SIGTERM)
    assert run_all(pool) == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before
    assert pool.stops == [False]
    assert [state_of(run) for run in runs] == [OPEN] * 3
    assert 'stopping 2 runs' in capsys.readouterr().out


def test_a_second_signal_kills(make_run: Any) -> None:
    run = make_run(0)
    pool = ScriptedPool({run: []})
    stop = pool.stop

    def stop_slowly(kill: bool = False) -> None:
        stop(kill)
        if not kill:
            pool.script[run].clear()  # it goes on for a while
            os.kill(os.getpid(), signal.SIGINT)

    pool.stop = stop_slowly  # type: ignore[method-assign]
    collect = pool.collect
    calls: list[int] = []

    def collect_after_ctrl_c() -> list[tuple[Run, Ending]]:
        calls.append(1)
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return collect()

    pool.collect = collect_after_ctrl_c  # type: ignore[method-assign]
    assert run_all(pool) == signal.SIGINT
    assert pool.stops == [False, True]


def test_a_run_that_another_process_still_writes_is_left_for_later(
    make_run: Any, capsys: Captured
) -> None:
    held, free = make_run(0), make_run(1)
    pool = ScriptedPool({held: [OK], free: [OK]}, 1)
    lock = work_dir_lock(held.work_dir)
    lock.__enter__()
    collect = pool.collect

    def release_after_the_other() -> list[tuple[Run, Ending]]:
        ended = collect()
        if (free, OK) in ended:
            lock.__exit__(None, None, None)
        return ended

    pool.collect = release_after_the_other  # type: ignore[method-assign]
    assert run_all(pool) == 0
    starts = [line for line in capsys.readouterr().out.splitlines() if ' a_s' in line]
    assert [line.split()[0] for line in starts] == ['wait', 'start', 'done', 'start', 'done']
    assert [line.split()[1].rstrip(':') for line in starts[1:4:2]] == ['a_s1', 'a_s0']


def test_an_attempt_tells_its_end(make_run: Any) -> None:
    assert Attempt(make_run(0, '--help'), 1).wait().status == 0
    ending = Attempt(make_run(1, 'a.py', '--seed', 'x'), 1).wait()
    assert ending.status == 2
    assert "invalid int value: 'x'" in ending.message
    attempt = Attempt(make_run(2, '--help'), 1)
    attempt.stop(signal.SIGKILL)
    assert attempt.wait() == KILLED


def test_attempts_stay_within_cores_and_memory(make_run: Any) -> None:
    runs = [make_run(seed, '--help') for seed in range(2)]
    assert LocalPool(Parallel(threads=num_cores() + 1)).workers == 1
    free = available_gib()
    if free is None:
        pytest.skip('this system does not say how much memory is free')
    for memory, room in ((2 * free, False), (0.001, True), (None, False)):
        pool = LocalPool(Parallel(workers=2, memory_gib=memory))
        assert pool.has_room()  # one always may
        pool.start(runs[0])
        assert pool.has_room() is room
        if room:
            pool.start(runs[1])
            assert not pool.has_room()
        pool.stop(kill=True)
        while pool.running:
            pool.collect()
