"""Every config of a search: it parses, passes the check, builds, and has the settings of the paper."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.registry import MODELS, PARAM_SCHEDULERS
from ostrdet.settings.components import check_config
from ostrdet.settings.search import load_config
from ostrdet.spaces.zoo import get_genotype
from tests.configs import search_settings
from tests.configs.steered_settings import STEERED

SETTINGS = {**search_settings.SETTINGS, **STEERED}
CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted((CONFIGS / 'search').glob('*.py'))
NAMES = [path.stem for path in LEAVES]


@cache
def read(path: Path) -> Config:
    return Config.fromfile(path)


@cache
def build(text: str) -> Any:
    """The searcher of the configs of model and preprocessor; many leaves share one."""
    model, data_preprocessor = json.loads(text)
    return MODELS.build({**model, 'data_preprocessor': data_preprocessor})


def settings(config: Config) -> dict[str, Any]:
    """What a config says, under the names of the table."""
    supernet, weights = config.model.supernet, config.optim_wrapper.weights
    arch = config.optim_wrapper.arch.optimizer
    (cosine,) = config.param_scheduler.weights
    return {
        'space': supernet.space.type,
        **{key: supernet[key] for key in ('channels', 'num_cells', 'num_classes', 'stem')},
        'k': supernet.mixed_op.get('k'),
        'mixed_op': supernet.mixed_op.type,
        'weighting': config.model.weighting.type,
        'regularizers': [term.type for term in config.model.get('regularizers', [])],
        'perturbation': (config.model.get('perturbation') or {}).get('type'),
        'edge_norm': config.model.weighting.edge_norm,
        'update': config.model.arch_update.type,
        'criterion': config.default_hooks.selector.criterion.type,
        'patience': config.default_hooks.selector.patience,
        'data': config.train_dataloader.dataset.type,
        'batch': config.train_dataloader.batch_size,
        'portions': config.train_cfg.portions,
        'epochs': config.train_cfg.max_epochs,
        'arch_start_epoch': config.train_cfg.arch_start_epoch,
        'lr': weights.optimizer.lr,
        'eta_min': cosine.eta_min,
        'warm_up': cosine.get('warm_up', 0),
        'span': cosine.get('T_max'),
        'momentum': weights.optimizer.momentum,
        'weight_decay': weights.optimizer.weight_decay,
        'clip': weights.clip_grad.max_norm,
        'arch_lr': arch.lr,
        'arch_betas': arch.betas,
        'arch_weight_decay': arch.weight_decay,
        'arch_clip': config.optim_wrapper.arch.get('clip_grad', {}).get('max_norm'),
    }


def test_the_table_knows_every_config() -> None:
    assert set(SETTINGS) == set(NAMES)


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_settings(path: Path) -> None:
    config = read(path)
    assert settings(config) == SETTINGS[path.stem]
    assert config.randomness.seed == 0
    assert config.param_scheduler.arch == []
    assert (
        config.optim_wrapper.weights.optimizer.type,
        config.optim_wrapper.arch.optimizer.type,
    ) == (
        'SGD',
        'Adam',
    )


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_rates_of_the_weights(path: Path) -> None:
    """Cosine from the first epoch to the last; on ImageNet a line stands for its first five."""
    said, config = SETTINGS[path.stem], read(path)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=said['lr'])
    schedulers = [
        PARAM_SCHEDULERS.build({'end': said['epochs'], **cfg, 'optimizer': optimizer})
        for cfg in config.param_scheduler.weights
    ]
    for epoch in range(said['epochs']):
        if epoch < said['warm_up']:
            expected = said['lr'] * (epoch + 1) / said['warm_up']
        else:
            turn = math.cos(math.pi * epoch / (said['span'] or said['epochs']))
            expected = said['eta_min'] + (said['lr'] - said['eta_min']) * (1 + turn) / 2
        assert optimizer.param_groups[0]['lr'] == pytest.approx(expected, rel=1e-9)
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_every_config_passes_the_check(path: Path) -> None:
    check_config(read(path).to_dict())
    assert load_config(path).work_dir == str(Path('work_dirs', path.stem))


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_every_model_builds(path: Path) -> None:
    config = read(path)
    model = build(json.dumps([config.model, config.data_preprocessor], sort_keys=True))
    cells = model.space.cells
    assert {name: len(alpha) for name, alpha in model.alphas.items()} == {
        name: len(spec.edges) for name, spec in cells.items()
    }
    assert bool(model.betas) == SETTINGS[path.stem]['edge_norm']
    assert model.supernet.classifier.out_features == SETTINGS[path.stem]['num_classes']


@pytest.mark.parametrize(
    ('name', 'count'), [('ostr_pc-darts_in1k', 956_512), ('ostr_darts_in1k', 2_215_648)]
)
def test_the_supernet_of_the_imagenet_search_has_the_published_size(name: str, count: int) -> None:
    """That of PC-DARTS' own code, whose stem is 24, 48 and 48 channels wide."""
    config = read(CONFIGS / 'search' / f'{name}.py')
    model = build(json.dumps([config.model, config.data_preprocessor], sort_keys=True))
    stem = [m.out_channels for m in model.supernet.skeleton.stem.modules() if hasattr(m, 'stride')]
    assert stem == [24, 48, 48]
    assert sum(weight.numel() for weight in model.supernet.parameters()) == count


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_validation_reads_the_training_set(path: Path) -> None:
    config = read(path)
    assert (config.train_cfg.type, config.val_cfg.type) == ('BilevelTrainLoop', 'ArchHalfValLoop')
    train, val = (
        {**loader.dataset, 'pipeline': None}
        for loader in (config.train_dataloader, config.val_dataloader)
    )
    assert train == val
    assert train['split'] == 'train'


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_the_report_names_the_config_that_trains_the_cell(path: Path) -> None:
    search = Config.fromfile(path)
    train = Config.fromfile(CONFIGS.parent / search.default_hooks.report.train_config)
    genotype = get_genotype(train.model.backbone.genotype)
    assert (
        genotype.space['type'] in search.model.supernet.space.type
    )  # a sparse cell is trained alike
    if 'unnas-' not in path.stem:  # its supernet learns a task of its own
        assert train.model.head.num_classes == search.model.supernet.num_classes
    datasets = [cfg.train_dataloader.dataset.type.split('.')[-1] for cfg in (search, train)]
    assert datasets[0] == datasets[1]
