"""What must not change between a run and its continuation."""

from typing import Any

import pytest

from ostrdet.engine.checkpoint import changes, fingerprint, settings

CFG: dict[str, Any] = {
    'model': {'supernet': {'space': {'type': 'A', 'ops': ('x', 'y')}, 'channels': 4}},
    'train_dataloader': {'batch_size': 8, 'num_workers': 2, 'dataset': {'type': 'B'}},
    'train_cfg': {'portions': (0.5, 0.5), 'max_epochs': 3},
    'optim_wrapper': {'weights': {'optimizer': {'type': 'SGD', 'lr': 1.0}}},
}


def test_equal_runs_have_one_fingerprint() -> None:
    same = {**CFG, 'train_cfg': {'portions': [0.5, 0.5], 'max_epochs': 9}}
    assert changes(fingerprint(CFG, 10, 1, 5), fingerprint(same, 10, 1, 5)) == []


@pytest.mark.parametrize(
    ('part', 'value', 'said'),
    [
        (
            'model',
            {'supernet': {**CFG['model']['supernet'], 'channels': 8}},
            'channels was 4, is 8',
        ),
        ('train_cfg', {'portions': (0.1, 0.5)}, r'portions was [0.5, 0.5], is [0.1, 0.5]'),
        ('train_dataloader', {'batch_size': 9, 'dataset': {'type': 'B'}}, 'batch_size was 8, is 9'),
        ('train_dataloader', {'batch_size': 8, 'dataset': {'type': 'C'}}, "type was 'B', is 'C'"),
        ('optim_wrapper', {}, "optimizer.type was 'SGD', is not set"),
    ],
)
def test_a_change_is_named_with_both_values(part: str, value: Any, said: str) -> None:
    (change,) = changes(fingerprint(CFG, 10, 1, 5), fingerprint({**CFG, part: value}, 10, 1, 5))
    assert change.endswith(said)


def test_data_and_processes_count() -> None:
    found = changes(fingerprint(CFG, 10, 1, 5), fingerprint(CFG, 11, 2, 6))
    assert found == ['samples was 10, is 11', 'processes was 1, is 2', 'iterations was 5, is 6']


def test_how_it_is_computed_does_not_matter() -> None:
    model = {'supernet': {**CFG['model']['supernet'], 'engine': 'plain'}, 'channels_last': True}
    assert changes(fingerprint(CFG, 1, 1, 1), fingerprint({**CFG, 'model': model}, 1, 1, 1)) == []


def test_long_values_differ_by_their_end() -> None:
    def of(last: int) -> dict[str, str]:
        indices = [*range(99), last]
        return fingerprint({'train_dataloader': {'dataset': {'indices': indices}}}, 100, 1, 1)

    (change,) = changes(of(99), of(100))
    assert change.startswith('train_dataloader.dataset.indices was [0, 1, 2')
    assert len(change) < 250


def test_every_setting_is_told_by_its_key_but_those_without_effect() -> None:
    cfg = {
        **CFG,
        'param_scheduler': [{'type': 'LinearLR', 'end': 5}, {'type': 'PolyLR', 'power': 2}],
        'work_dir': 'a',
    }
    loader = {**CFG['train_dataloader'], 'num_workers': 9}
    other = {**cfg, 'work_dir': 'b', 'train_dataloader': loader}
    assert changes(settings(cfg), settings(other)) == []
    other['param_scheduler'] = [{'type': 'LinearLR', 'end': 5}, {'type': 'PolyLR', 'power': 1}]
    other['train_cfg'] = {**CFG['train_cfg'], 'max_epochs': 4}
    assert sorted(changes(settings(cfg), settings(other))) == [
        'param_scheduler.1.power was 2, is 1',
        'train_cfg.max_epochs was 3, is 4',
    ]
