"""Retraining: orders, augmentation, drop path and weights depend on (seed, epoch, iteration) alone."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.apis.train import train
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.registry import HOOKS

Train = Callable[..., Runner]


class SeenHook(Hook):
    """Writes down, for every iteration, samples, images, drop path, rate and random numbers."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        samples = [int(sample.sample_idx) for sample in data_batch['data_samples']]
        pixels = torch.stack(list(data_batch['inputs'])).sum().item()
        drop = runner.model.backbone.drop_path.drop_prob
        rate = runner.optim_wrapper.get_lr()['lr'][0]
        self.seen.append((runner.epoch, samples, pixels, drop, rate, torch.rand(()).item()))


@pytest.fixture(scope='module', autouse=True)
def _seen_hook() -> Iterator[None]:
    HOOKS.register_module(module=SeenHook)
    yield
    del HOOKS.module_dict[SeenHook.__name__]


@pytest.fixture
def run(tiny_training: Any, tmp_path: Path) -> Train:
    def run(
        overrides: Mapping[str, Any] | None = None, name: str = 'run', **options: Any
    ) -> Runner:
        hooks = [{'type': 'ostrdet.SeenHook'}]
        config = tiny_training({'custom_hooks': hooks, **(overrides or {})})
        return train(config, work_dir=tmp_path / name, **options)

    return run


def seen(runner: Runner) -> list[tuple[Any, ...]]:
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, SeenHook))
    return hook.seen


def test_every_epoch_sees_every_sample_once_in_another_order(run: Train) -> None:
    records = seen(run())
    epochs = [[s for e, samples, *_ in records if e == epoch for s in samples] for epoch in (0, 1)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(60))
    assert epochs[0] != epochs[1]
    assert [len(samples) for _, samples, *_ in records] == [16, 16, 16, 12] * 2


def test_drop_path_and_rate_follow_the_epoch(run: Train) -> None:
    records = seen(run({'train_cfg.max_epochs': 4, 'model.backbone.drop_path_prob': 0.2}))
    by_epoch = {epoch: drop for epoch, _, _, drop, *_ in records}
    assert by_epoch == pytest.approx({0: 0.0, 1: 0.05, 2: 0.1, 3: 0.15})


@pytest.mark.parametrize('workers', [0, 2])
def test_a_resumed_training_is_the_uninterrupted_one(
    run: Train, workers: int, tmp_path: Path, assert_same: Any
) -> None:
    many = {'train_dataloader.num_workers': workers, 'train_cfg.max_epochs': 3}
    whole = run({'train_cfg.max_epochs': 3}, name='whole')
    run({**many, 'default_hooks.checkpoint.max_keep_ckpts': 3}, name='parts')
    (tmp_path / 'parts' / 'epoch_2.pth').rename(tmp_path / 'epoch_2.pth')
    for left in (tmp_path / 'parts').glob('*.pth'):
        left.unlink()
    rest = run(many, name='parts', resume=str(tmp_path / 'epoch_2.pth'))
    assert seen(rest) == seen(whole)[8:]
    states = [read_checkpoint(tmp_path / name / 'epoch_3.pth') for name in ('whole', 'parts')]
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(states[0][part], states[1][part])


def test_another_seed_is_another_training(run: Train) -> None:
    first = seen(run({'train_cfg.max_epochs': 1}, name='a', seed=0))
    second = seen(run({'train_cfg.max_epochs': 1}, name='b', seed=1))
    assert [samples for _, samples, *_ in first] != [samples for _, samples, *_ in second]


def test_too_few_classes_are_refused(run: Train) -> None:
    with pytest.raises(ValueError, match=r'model\.head\.num_classes=7, but .* 10 classes; set it'):
        run({'model.head.num_classes': 7})
