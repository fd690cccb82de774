"""Going on with changed settings: the rates follow, what can't is refused, and a line says which."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.train import build_training, train
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.engine.runner.continuation import iterations_done

#: Two iterations per epoch, and a warm-up by iteration beside a cosine by epoch.
SHORT = {
    'train_dataloader.dataset.indices': range(0, 1437, 72),
    **dict.fromkeys(('val_cfg', 'val_dataloader', 'val_evaluator')),
    'param_scheduler': [
        {'type': 'LinearLR', 'start_factor': 0.1, 'by_epoch': False, 'begin': 0, 'end': 5},
        {'type': 'CosineAnnealingLR', 'eta_min': 0.001, 'by_epoch': True},
    ],
}
Resume = Callable[..., Any]


def make(tiny_training: Any, overrides: dict[str, Any], epochs: int = 4) -> Any:
    return tiny_training({**SHORT, 'train_cfg.max_epochs': epochs, **overrides})


def rates(folder: Path) -> list[list[float]]:
    """Epoch and learning rate of every iteration, as the log has them."""
    (log,) = folder.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [[line['step'], line['lr']] for line in lines if 'lr' in line]


@pytest.fixture(scope='module')
def two_epochs(tiny_training: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('two')
    train(make(tiny_training, {'default_hooks.logger.interval': 1}, epochs=2), work_dir=folder)
    return folder


@pytest.fixture
def resume(two_epochs: Path, tiny_training: Any, tmp_path: Path) -> Resume:
    def go_on(overrides: dict[str, Any], epochs: int = 4, **options: Any) -> Any:
        for path in two_epochs.glob('epoch_2.pth*'):
            shutil.copy(path, tmp_path)
        cfg = make(tiny_training, {'default_hooks.logger.interval': 1, **overrides}, epochs)
        return train(cfg, work_dir=tmp_path, resume='auto', **options)

    return go_on


#: What is changed, and how the line names it.
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    'epochs alone': ({}, 'train_cfg.max_epochs was 2, is 4'),
    'rate': ({'optim_wrapper.optimizer.lr': 0.3}, 'optimizer.lr was 0.025, is 0.3'),
    'schedule': (
        {'param_scheduler': [{'type': 'PolyLR', 'eta_min': 0.0, 'power': 2.0}]},
        "param_scheduler.0.type was 'LinearLR', is 'PolyLR'",
    ),
    'no schedule': ({'param_scheduler': []}, 'param_scheduler.0.type was'),
    'base of the batch': (
        {'auto_scale_lr': {'enable': True, 'base_batch_size': 8}},
        'auto_scale_lr.enable was False, is True',
    ),
}


@pytest.mark.parametrize('case', CHANGES)
def test_rates_are_those_of_an_uninterrupted_run(
    resume: Resume,
    tiny_training: Any,
    tmp_path: Path,
    case: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    overrides, said = CHANGES[case]
    resume(overrides)
    line = capsys.readouterr().err
    assert line.startswith('--resume: changed since the checkpoint, and used from here on: ')
    assert said in line
    whole = make(tiny_training, {'default_hooks.logger.interval': 1, **overrides})
    train(whole, work_dir=tmp_path / 'whole')
    assert rates(tmp_path) == rates(tmp_path / 'whole')[4:]
    assert len({rate for _, rate in rates(tmp_path)}) > 1 or case == 'no schedule'


def test_decay_is_taken_up_and_momentum_kept(resume: Resume, two_epochs: Path) -> None:
    runner = resume({'optim_wrapper.optimizer.weight_decay': 0.5}, epochs=2)
    (group,) = runner.optim_wrapper.optimizer.param_groups
    assert group['weight_decay'] == 0.5
    saved = read_checkpoint(two_epochs / 'epoch_2.pth')['optimizer']['state'][0]
    state = runner.optim_wrapper.optimizer.state_dict()['state'][0]
    assert torch.equal(state['momentum_buffer'], saved['momentum_buffer'])


def test_accumulation_is_taken_up_with_a_line(
    resume: Resume, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = resume({'optim_wrapper.accumulative_counts': 2})
    assert runner.optim_wrapper._accumulative_counts == 2
    assert 'accumulative_counts was not set, is 2' in capsys.readouterr().err


@pytest.mark.parametrize('epochs', [1, 2])
def test_a_finished_run_says_so(
    resume: Resume, capsys: pytest.CaptureFixture[str], epochs: int
) -> None:
    runner = resume({}, epochs)
    out, err = capsys.readouterr()
    assert f'nothing left to do: 2 epochs are done, train_cfg.max_epochs={epochs}\n' in out
    assert 'epoch_2.pth' in out
    assert bool(err) == (epochs == 1)
    assert runner.epoch == 2


def test_an_unchanged_run_says_nothing(
    two_epochs: Path, tiny_training: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cfg = make(tiny_training, {'default_hooks.logger.interval': 1}, epochs=2)
    train(cfg, work_dir=tmp_path, resume=str(two_epochs / 'epoch_1.pth'))
    assert capsys.readouterr().err == ''
    ends = [read_checkpoint(folder / 'epoch_2.pth') for folder in (two_epochs, tmp_path)]
    assert ends[0]['param_schedulers'] == ends[1]['param_schedulers']
    assert all(torch.equal(v, ends[1]['state_dict'][k]) for k, v in ends[0]['state_dict'].items())


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        ({'train_dataloader.drop_last': True}, r'drop_last was .*not set, is True'),
        ({'optim_wrapper.paramwise_cfg': {'norm_decay_mult': 0.0}}, 'paramwise_cfg was not set'),
        (
            {'param_scheduler': [{'type': 'ReduceOnPlateauLR', 'monitor': 'accuracy/top1'}]},
            'param_scheduler: a schedule that goes by metrics',
        ),
    ],
)
def test_what_can_not_be_taken_up_is_refused(
    resume: Resume, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        resume(overrides)


def test_epochs_of_another_length_count_as_epochs(
    two_epochs: Path, tiny_training: Any, tmp_path: Path
) -> None:
    """With ``resume_anyway``: five epochs of three batches are done, not of two."""
    meta = {'epoch': 5, 'iter': 10, 'fingerprint': {'iterations': '2'}}
    assert iterations_done(meta, 'a.pth', 2) == 10
    assert iterations_done(meta, 'a.pth', 3) == 15
    assert iterations_done({**meta, 'iter': 11}, 'a.pth', 2) == 11
    with pytest.raises(ValueError, match=r"'a\.pth' is within an epoch of 2 .* epoch_N\.pth"):
        iterations_done({**meta, 'iter': 11}, 'a.pth', 3)
    half = {'train_dataloader.batch_size': 8, 'resume_anyway': True}
    cfg = make(tiny_training, half, epochs=3)
    runner = build_training(cfg, work_dir=tmp_path, resume=str(two_epochs / 'epoch_2.pth'))
    runner.train()
    log = (tmp_path / 'run.log').read_text()
    assert (runner.epoch, runner.iter) == (3, 9)
    assert not re.search(r'\[-\d', log)
