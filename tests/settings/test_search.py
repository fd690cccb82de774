"""The config of a search: overrides from the command line, on a copy."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.settings.search import load_config

SEARCH = Path('configs') / 'search'


@pytest.mark.parametrize(
    ('option', 'expected'),
    [
        ('train_cfg.max_epochs=3', 3),
        ('train_cfg.portions=(0.1,0.025)', (0.1, 0.025)),
        ('train_cfg.portions=[0.1,0.2]', [0.1, 0.2]),
        ('model.supernet.stem=CIFARStem', 'CIFARStem'),
        ('model.weighting.edge_norm=True', True),
        ('default_hooks.selector.patience=None', None),
        ('train_dataloader.dataset.pipeline.0.padding=1', 1),
        ('work_dir=a=b', 'a=b'),
    ],
)
def test_options_are_read_as_values(tiny_config: Any, option: str, expected: object) -> None:
    config = load_config(tiny_config(), cfg_options=[option])
    for key in option.partition('=')[0].split('.'):
        config = config[int(key)] if key.isdecimal() else config[key]
    assert config == expected


def test_the_config_that_was_given_stays_as_it_was(tiny_config: Any) -> None:
    given = tiny_config()
    before = given.to_dict()
    options = ['train_cfg.max_epochs=7']
    load_config(given, work_dir='elsewhere', seed=7, amp='bfloat16', cfg_options=options)
    assert given.to_dict() == before


def test_an_argument_beats_an_option(tiny_config: Any) -> None:
    options = ['randomness.seed=1', 'work_dir=a']
    config = load_config(tiny_config(), work_dir='b', seed=2, cfg_options=options)
    assert (config.randomness.seed, config.work_dir) == (2, 'b')
    assert load_config(tiny_config(), cfg_options=options).work_dir == 'a'


def test_the_work_dir_has_the_name_of_the_config(tiny_config: Any) -> None:
    assert Path(load_config(tiny_config()).work_dir) == Path('work_dirs', 'ostr_nb201_digits')
    unnamed = Config(tiny_config().to_dict())
    assert Path(load_config(unnamed).work_dir) == Path('work_dirs', 'search')


@pytest.mark.parametrize('without_val', [False, True])
def test_the_data_root_is_that_of_both_loaders(repo_root: Path, without_val: bool) -> None:
    nothing = [f'{key}=None' for key in ('val_cfg', 'val_dataloader', 'val_evaluator')]
    config = load_config(
        repo_root / SEARCH / 'ostr_darts_c10.py',
        data_root=Path('some') / 'where',
        cfg_options=nothing if without_val else [],
    )
    loaders = [config.train_dataloader, *([] if without_val else [config.val_dataloader])]
    assert {loader.dataset.data_root for loader in loaders} == {str(Path('some', 'where'))}


def test_the_benchmark_is_that_of_the_selector(tiny_config: Any) -> None:
    config = load_config(tiny_config(), benchmark='table.csv')
    assert config.default_hooks.selector.benchmark == 'table.csv'


def test_bfloat16_needs_no_scaler(tiny_config: Any) -> None:
    config = load_config(tiny_config(), amp='bfloat16')
    assert config.model.autocast == 'bfloat16'
    assert config.optim_wrapper == tiny_config().optim_wrapper


def test_float16_scales_the_loss_of_the_weights_alone(
    tiny_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    config = load_config(tiny_config(), amp='float16')
    assert config.model.autocast == 'float16'
    wrappers = config.optim_wrapper
    assert (wrappers.weights.type, wrappers.weights.dtype) == ('AmpOptimWrapper', 'float16')
    assert wrappers.arch == tiny_config().optim_wrapper.arch


@pytest.mark.parametrize('seed', [-1, 2**32, 'one', 1.5])
def test_seeds_out_of_range(tiny_config: Any, seed: Any) -> None:
    with pytest.raises(ValueError, match=rf'randomness\.seed={seed!r}: a run needs a seed in'):
        load_config(tiny_config(), seed=seed)


def test_a_missing_seed(tiny_config: Any) -> None:
    with pytest.raises(ValueError, match=r'randomness\.seed=None'):
        load_config(tiny_config({'randomness': None}))
