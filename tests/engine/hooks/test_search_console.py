"""What a search says: a plan at once, then progress, at the end the genotypes and what to do next."""

from typing import Any

import pytest

from ostrdet.engine.hooks.console import duration

HEADINGS = ['space', 'supernet', 'data', 'search', 'criterion', 'device', 'work dir', 'ETA']


def test_a_search_in_plain_lines(run_search: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_search()
    lines = capsys.readouterr().out.splitlines()
    plan = dict(zip(HEADINGS, lines, strict=False))
    assert all(line.startswith(heading) for heading, line in plan.items())
    assert 'NASBench201Space' in plan['space']
    assert '72 + 72 images of Digits' in plan['data']
    assert 'OperationStrength' in plan['criterion']
    assert 'cpu' in plan['device']
    assert str(run.folder) in plan['work dir']
    first, second, *end = lines[len(HEADINGS) :]
    for epoch, line in enumerate((first, second), start=1):
        accuracy = run.lines[epoch - 1]['val_accuracy']
        assert line.startswith(f'epoch {epoch}/2: loss ')
        assert f'supernet accuracy {accuracy:.1f} %' in line
        assert ', ETA ' in line
    genotypes = run.lines[-1]['genotypes']
    assert end[0].split() == ['OperationStrength', genotypes['OperationStrength']]
    assert end[1].split() == ['Magnitude', genotypes['Magnitude']]
    file = run.folder / 'genotype.json'
    assert end[2] == f'genotype: {file}'
    training = 'python tools/train.py configs/retrain/nb201_digits.py'
    assert end[3] == f'next: {training} --genotype {file}'
    assert len(end) == 4


def test_a_progress_bar_on_a_terminal(
    run_search: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('TTY_COMPATIBLE', '1')
    monkeypatch.setenv('TERM', 'xterm')
    run_search(overrides={'train_cfg.max_epochs': 1})
    out = capsys.readouterr().out
    assert 'ETA' in out
    assert '4/4' in out
    hidden, shown = '\x1b[?25l', '\x1b[?25h'
    assert out.count(hidden) == out.count(shown) == 1
    assert out.rindex(shown) > out.rindex(hidden)


def test_a_search_without_a_genotype_names_none(
    run_search: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_search(overrides={'train_cfg.max_epochs': 1, 'train_cfg.arch_start_epoch': 1})
    out = capsys.readouterr().out
    assert 'OperationStrength  no genotype yet' in out
    assert 'genotype:' not in out
    assert not (run.folder / 'genotype.json').exists()


def test_a_stopped_search_says_why(run_search: Any, capsys: pytest.CaptureFixture[str]) -> None:
    still = {
        'optim_wrapper.arch.optimizer.lr': 0.0,
        'default_hooks.selector.criterion.type': 'Magnitude',
        'default_hooks.selector.patience': 1,
        'train_cfg.portions': (0.015, 0.015),
        'train_cfg.max_epochs': 5,
    }
    run_search(overrides=still)
    assert 'stopped: the genotype is stable for 1 epochs' in capsys.readouterr().out
    run_search(overrides=still, resume='auto')
    assert 'stopped: the genotype is stable for 1 epochs' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0, '0 s'), (59.4, '59 s'), (59.6, '1 min 0 s'), (3599, '59 min 59 s'), (3600, '1 h 0 min')],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
