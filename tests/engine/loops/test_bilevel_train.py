"""The loop of a search: which samples come when, when alpha moves, and what it refuses."""

import itertools
import re
from typing import Any

import pytest
import torch

from ostrdet.apis.search import build_search

TINY_HALF = 72
BATCH = 16


def by_epoch(run: Any, half: str) -> list[list[int]]:
    """The samples of a half in the order in which each epoch read them."""
    groups = itertools.groupby(run.iterations, key=lambda record: record['epoch'])
    return [[index for record in records for index in record[half]] for _, records in groups]


def test_halves_share_no_sample(two_epochs: Any) -> None:
    loop = two_epochs.runner.train_loop
    halves = set(loop.weight_indices), set(loop.arch_indices)
    assert [len(half) for half in halves] == [TINY_HALF, TINY_HALF]
    assert not halves[0] & halves[1]
    for half, name in zip(halves, ('weights', 'arch'), strict=True):
        for epoch in by_epoch(two_epochs, name):
            assert len(epoch) == len(set(epoch)) == TINY_HALF // BATCH * BATCH
            assert set(epoch) <= half


def test_each_half_is_shuffled_in_every_epoch_in_its_own_order(two_epochs: Any) -> None:
    loop = two_epochs.runner.train_loop
    orders = [
        [list(indices).index(sample) for sample in epoch]
        for indices, name in ((loop.weight_indices, 'weights'), (loop.arch_indices, 'arch'))
        for epoch in by_epoch(two_epochs, name)
    ]
    assert all(a != b for a, b in itertools.combinations(orders, 2))
    assert all(order != sorted(order) for order in orders)


def test_a_shorter_architecture_half_goes_round_in_new_orders(run_search: Any) -> None:
    run = run_search(overrides={'train_cfg.portions': (0.1, 0.025)})
    loop = run.runner.train_loop
    assert (len(loop.weight_indices), len(loop.arch_indices)) == (144, 36)
    assert [len(epoch) for epoch in by_epoch(run, 'arch')] == [144, 144]
    per_round = 36 // BATCH * BATCH
    rounds = [
        tuple(epoch[start : start + per_round])
        for epoch in by_epoch(run, 'arch')
        for start in range(0, 128, per_round)
    ]
    assert all(len(set(turn)) == per_round for turn in rounds)
    assert len(set(rounds)) == len(rounds) == 8
    assert set(itertools.chain(*rounds)) <= set(loop.arch_indices)


def test_a_longer_architecture_half_ends_with_the_weight_half(run_search: Any) -> None:
    run = run_search(overrides={'train_cfg.portions': (0.025, 0.1), 'train_cfg.max_epochs': 1})
    assert [len(by_epoch(run, half)[0]) for half in ('weights', 'arch')] == [32, 32]


def test_alpha_waits_for_its_first_epoch(tiny_config: Any, run_search: Any, tmp_path: Any) -> None:
    overrides = {'train_cfg.arch_start_epoch': 1, 'model.weighting.edge_norm': True}
    fresh = build_search(tiny_config(overrides), work_dir=tmp_path).model
    run = run_search(overrides=overrides)
    first, second = run.checkpoint(1), run.checkpoint(2)
    for name in ('alpha_cell', 'beta_cell'):
        start = fresh.get_parameter(name)
        assert torch.equal(first['state_dict'][name], start)
        assert (second['state_dict'][name] != start).all()
    assert first['optimizer']['arch']['state'] == {}
    assert not torch.equal(
        first['state_dict']['supernet.classifier.weight'], fresh.supernet.classifier.weight
    )
    assert [record['arch'] == [] for record in run.iterations] == [True] * 4 + [False] * 4


def test_criteria_that_observe_wait_with_alpha(run_search: Any) -> None:
    first, second = run_search(overrides={'train_cfg.arch_start_epoch': 1}).lines
    observing = set(first['scores']) - {'Magnitude'}
    assert len(observing) == 4
    for part in ('scores', 'genotypes'):
        assert {name for name, found in first[part].items() if found is None} == observing
        assert None not in second[part].values()


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('max_epochs', 0),
        ('max_epochs', 'ten'),
        ('val_interval', 0),
        ('val_begin', 0),
        ('arch_start_epoch', -1),
        ('arch_start_epoch', 1.5),
    ],
)
def test_epochs_out_of_range(tiny_config: Any, tmp_path: Any, key: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf'train_cfg\.{key}={value!r}, expected an integer'):
        build_search(tiny_config({f'train_cfg.{key}': value}), work_dir=tmp_path)


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        ({'train_cfg.portions': (0.6, 0.5)}, 'train_cfg.portions=(0.6, 0.5): the halves would'),
        ({'train_cfg.portions': (0.05, 1e-5)}, 'leaves a half empty'),
        (
            {'train_dataloader.batch_size': 73},
            'train_dataloader.batch_size=73 is larger than the 72 samples of the half that trains',
        ),
        (
            {'train_cfg.portions': (0.05, 0.01)},
            'samples of the half that trains the architecture; make it smaller, or raise train_cfg',
        ),
        (
            {'model.supernet.num_classes': 9},
            'model.supernet.num_classes=9, but train_dataloader.dataset has 10 classes; set it to 10',
        ),
    ],
)
def test_data_that_cannot_be_searched_on(
    tiny_config: Any, tmp_path: Any, overrides: dict[str, Any], message: str
) -> None:
    runner = build_search(tiny_config(overrides), work_dir=tmp_path)
    with pytest.raises(ValueError, match=re.escape(message)):
        assert runner.train_loop


def test_a_half_feeds_every_process(
    tiny_config: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = build_search(tiny_config({'train_dataloader.batch_size': 40}), work_dir=tmp_path)
    monkeypatch.setattr('ostrdet.engine.loops.seeded_data.get_world_size', lambda: 2)
    with pytest.raises(ValueError, match='batch_size=40 times 2 processes is larger than the 72'):
        assert runner.train_loop


def test_a_half_may_be_a_single_batch(tiny_config: Any, tmp_path: Any) -> None:
    config = tiny_config({'train_dataloader.batch_size': TINY_HALF})
    loop = build_search(config, work_dir=tmp_path).train_loop
    assert [len(list(loop.pairs())), loop.max_iters] == [1, 2]


@pytest.mark.parametrize(
    ('begin', 'interval', 'validated'),
    [(1, 1, [1, 2, 3]), (1, 2, [2, 3]), (3, 1, [3]), (4, 1, [])],
)
def test_which_epochs_are_validated(
    run_search: Any, begin: int, interval: int, validated: list[int]
) -> None:
    overrides = {
        'train_cfg.max_epochs': 3,
        'train_cfg.portions': (0.015, 0.015),
        'train_cfg.val_begin': begin,
        'train_cfg.val_interval': interval,
    }
    lines = run_search(overrides=overrides).lines
    assert [line['epoch'] for line in lines if line['val_accuracy'] is not None] == validated


def test_a_search_without_validation(run_search: Any) -> None:
    nothing = dict.fromkeys(('val_cfg', 'val_dataloader', 'val_evaluator'))
    run = run_search(overrides={'train_cfg.max_epochs': 1, **nothing})
    assert [line['val_accuracy'] for line in run.lines] == [None]
