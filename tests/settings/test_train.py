"""The config of a training: the genotype, what a test shares, overrides from the command line."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.settings.train import load_config
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import save_genotype

RETRAIN = Path('configs') / 'retrain'


def test_the_genotype_is_written_into_the_config(tiny_training: Any, tmp_path: Path) -> None:
    for name in ('darts_v2', 'pc-darts_c10'):
        config = load_config(tiny_training(), genotype=None if name == 'darts_v2' else name)
        assert get_genotype(config.model.backbone.genotype.to_dict()) == get_genotype(name)
    config.dump(tmp_path / 'config.py')
    again = load_config(tmp_path / 'config.py')
    assert get_genotype(again.model.backbone.genotype.to_dict()) == get_genotype('pc-darts_c10')


@pytest.mark.parametrize(
    ('genotype', 'name'),
    [
        (None, 'darts_c10'),
        ('p-darts', 'darts_c10_p-darts'),
        ('{folder}/my-search/genotype.json', 'darts_c10_my-search'),
        ('{folder}/best.json', 'darts_c10_best'),
        ('{text}', 'darts_c10_own-cell'),
    ],
)
def test_the_work_dir_names_config_and_genotype(
    tiny_training: Any, tmp_path: Path, genotype: str | None, name: str
) -> None:
    (tmp_path / 'my-search').mkdir()
    for file in ('my-search/genotype.json', 'best.json'):
        save_genotype(get_genotype('darts_v1'), tmp_path / file)
    edges = [('skip_connect', source) for _ in range(4) for source in (0, 1)]
    cell = f'{edges}, {{}}_concat=range(2, 6)'
    text = f'Genotype(normal={cell.format("normal")}, reduce={cell.format("reduce")})'
    given = genotype and genotype.format(folder=tmp_path, text=text)
    assert Path(load_config(tiny_training(), genotype=given).work_dir) == Path('work_dirs', name)


def test_the_config_tells_which_genotype_it_has_and_why(tiny_training: Any, tmp_path: Path) -> None:
    config = load_config(tiny_training())
    assert config.genotype_from == 'darts_v2, as the config has it and --genotype was not given'
    config = load_config(tiny_training(), genotype='p-darts')
    assert config.genotype_from == 'p-darts, given by --genotype'
    config.dump(tmp_path / 'config.py')
    again = load_config(tmp_path / 'config.py')
    assert again.genotype_from == 'its own cell, as the config has it and --genotype was not given'
    text = build_space({'type': 'DARTSSpace'}).format(get_genotype('darts_v1'))
    assert load_config(tiny_training(), text).genotype_from == 'a text, given by --genotype'


def test_a_test_shares_what_the_validation_has(tiny_training: Any) -> None:
    config = load_config(tiny_training())
    assert config.test_dataloader == config.val_dataloader
    assert config.test_evaluator == config.val_evaluator
    own = load_config(tiny_training({'test_dataloader': {'batch_size': 3}}))
    assert own.test_dataloader.batch_size == 3


def test_the_data_root_is_that_of_all_loaders(repo_root: Path) -> None:
    config = load_config(repo_root / RETRAIN / 'darts_c10.py', data_root='some/where')
    loaders = (config.train_dataloader, config.val_dataloader, config.test_dataloader)
    assert [loader.dataset.data_root for loader in loaders] == ['some/where'] * 3


def test_the_given_config_stays_as_it_was(tiny_training: Any) -> None:
    given = tiny_training()
    before = given.to_dict()
    load_config(given, 'p-darts', seed=3, amp='bfloat16', auto_scale_lr=True)
    assert given.to_dict() == before


def test_autocast(tiny_training: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper = load_config(tiny_training(), amp='bfloat16').optim_wrapper
    assert wrapper.type == 'ostrdet.BFloat16OptimWrapper'
    with pytest.raises(ValueError, match='float16 needs a GPU'):
        load_config(tiny_training(), amp='float16')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    assert load_config(tiny_training(), amp='float16').optim_wrapper.type == 'AmpOptimWrapper'


def test_the_rate_is_scaled_on_demand(tiny_training: Any) -> None:
    assert load_config(tiny_training()).auto_scale_lr.enable is False
    assert load_config(tiny_training(), auto_scale_lr=True).auto_scale_lr.enable is True
    with pytest.raises(KeyError, match='no auto_scale_lr'):
        load_config(tiny_training({'auto_scale_lr': None}), auto_scale_lr=True)


@pytest.mark.parametrize(
    'key', ['find_unused_parameters', 'model_wrapper_cfg.find_unused_parameters']
)
def test_any_config_may_find_unused_parameters(tiny_training: Any, key: str) -> None:
    """Although none of them names the key."""
    config = load_config(tiny_training(), cfg_options=[f'{key}=True'])
    assert config.get('model_wrapper_cfg', config)['find_unused_parameters'] is True
    with pytest.raises(ValueError, match=rf'{key}=.often., expected True or False'):
        load_config(tiny_training(), cfg_options=[f'{key}=often'])
    with pytest.raises(ValueError, match='model_wrapper_cfg=True, expected None or a dict'):
        load_config(tiny_training(), cfg_options=['model_wrapper_cfg=True'])


@pytest.mark.parametrize(
    ('overrides', 'genotype', 'error', 'message'),
    [
        ({}, 'dartsv2', KeyError, "Did you mean 'darts_v2'"),
        ({}, './none.json', FileNotFoundError, r'none\.json'),
        ({'model.backbone.type': 'DerivedCelBackbone'}, None, KeyError, 'DerivedCellBackbone'),
        ({'model.backbone.chanels': 3}, None, TypeError, "Did you mean 'channels'"),
        ({'model.head.loss.type': 'CrossEntropy'}, None, KeyError, 'CrossEntropyLoss'),
        ({'optim_wrapper.optimizer.momentums': 3}, None, TypeError, "Did you mean 'momentum'"),
        ({'default_hooks.progress.prob': 3}, None, TypeError, 'ProgressHook has no argument'),
        ({'train_cfg.epochs': 3}, None, TypeError, "Did you mean 'max_epochs'"),
        ({'param_scheduler.0.type': 'Cosine'}, None, KeyError, 'CosineAnnealingLR'),
        ({'randomness.seed': None}, None, ValueError, r'randomness\.seed=None'),
        ({'randomness.seed': True}, None, ValueError, r'randomness\.seed=True'),
    ],
)
def test_bad_input_is_named(
    tiny_training: Any,
    overrides: dict[str, Any],
    genotype: str | None,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        load_config(tiny_training(overrides), genotype=genotype)


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (
            'param_scheduler.0=None',
            r"'param_scheduler\.0=None': 'param_scheduler' is a list of 1, in",
        ),
        ('param_scheduler.7.eta_min=1', r"give all of it, 'param_scheduler=\[\.\.\.\]'"),
        ('param_scheduler._delete_=True', "'param_scheduler' is a list of 1"),
        ('val_evaluator.topk.0=1', r"'val_evaluator\.topk' is a list of \d"),
        (f'model{".a" * 999}=1', r"'model\.a.*\.\.\.' has more than 30 dots"),
    ],
)
def test_options_that_can_not_be_merged(tiny_training: Any, option: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_config(tiny_training(), cfg_options=[option])


def test_arguments_that_a_hook_passes_on_are_taken(tiny_training: Any) -> None:
    ema = {'type': 'EMAHook', 'momentum': 0.01}
    assert load_config(tiny_training({'default_hooks.ema': ema})).default_hooks.ema == ema


def test_a_config_without_derived_network_takes_no_genotype(tiny_training: Any) -> None:
    config = Config(tiny_training().to_dict())
    config.model.backbone = {'type': 'ResNet', 'depth': 18}
    with pytest.raises(KeyError, match=r'--genotype: model\.backbone of the config takes none'):
        load_config(config, genotype='darts_v2')
