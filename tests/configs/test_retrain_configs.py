"""Every recipe: it parses, passes the check, builds, and has the settings of the papers."""

from functools import cache
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose

from ostrdet.registry import MODELS, PARAM_SCHEDULERS
from ostrdet.settings.train import load_config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'retrain'
LEAVES = sorted(CONFIGS.glob('*.py'))
NAMES = [path.stem for path in LEAVES]

CIFAR = {
    'space': 'DARTSSpace',
    'stem': 'CIFARStem',
    'channels': 36,
    'num_cells': 20,
    'num_classes': 10,
    'drop_path_prob': 0.2,
    'aux': {'pool_stride': 3},
    'loss': {'type': 'CrossEntropyLoss'},
    'data': 'ostrdet.CIFAR10',
    'batch': 96,
    'total_batch': 96,
    'cutout': True,
    'randaugment': False,
    'epochs': 600,
    'lr': 0.025,
    'weight_decay': 3e-4,
    'nesterov': False,
    'clip': 5,
}
AUG = {'randaugment': True}
IMAGENET = {
    **CIFAR,
    'stem': 'ImageNetStem',
    'channels': 48,
    'num_cells': 14,
    'num_classes': 1000,
    'drop_path_prob': 0.0,
    'aux': {'pool_stride': 2, 'last_norm': False},
    'loss': {'type': 'LabelSmoothLoss', 'label_smooth_val': 0.1, 'mode': 'original'},
    'data': 'ostrdet.ImageNet',
    'batch': 128,
    'total_batch': 1024,
    'cutout': False,
    'epochs': 250,
    'lr': 0.5,
    'weight_decay': 3e-5,
}
NB201 = {
    **CIFAR,
    'space': 'NASBench201Space',
    'channels': 16,
    'num_cells': 5,
    'drop_path_prob': 0.0,
    'aux': None,
    'batch': 256,
    'total_batch': 256,
    'cutout': False,
    'epochs': 200,
    'lr': 0.1,
    'weight_decay': 5e-4,
    'nesterov': True,
    'clip': None,
}
DIGITS = {
    **NB201,
    'data': 'ostrdet.Digits',
    'batch': 64,
    'channels': 8,
    'num_cells': 1,
    'epochs': 10,
}
C100 = {'data': 'ostrdet.CIFAR100', 'num_classes': 100}
FOLDER = {'data': 'ostrdet.ImageFolder'}
SETTINGS: dict[str, dict[str, Any]] = {
    'darts_c10': CIFAR,
    'darts_c10-aug': {**CIFAR, **AUG, 'epochs': 1200},
    'darts_c10-folder': {**CIFAR, **FOLDER},
    'darts_c10-mini': {**CIFAR, **FOLDER, 'channels': 8, 'num_cells': 8, 'epochs': 10},
    'darts_c100': {**CIFAR, **C100},
    'darts_c100-aug': {**CIFAR, **C100, **AUG, 'epochs': 1200},
    'pc-darts_c10': {**CIFAR, 'drop_path_prob': 0.3},
    'darts_in1k': IMAGENET,
    'darts_in1k-c42': {**IMAGENET, 'channels': 42},
    'darts_in1k-folder': {**IMAGENET, **FOLDER},
    'darts_in1k-aug': {**IMAGENET, **AUG, 'epochs': 500},
    'nb201_c10': NB201,
    'nb201_c10-folder': {**NB201, **FOLDER},
    'nb201_c10-mini': {**NB201, **FOLDER, 'channels': 8, 'num_cells': 1, 'epochs': 10},
    'nb201_c100': {**NB201, **C100},
    'nb201_in16-120': {**NB201, 'data': 'ostrdet.ImageNet16', 'num_classes': 120},
    'nb201_digits': DIGITS,
    'darts_digits': {**DIGITS, 'space': 'DARTSSpace', 'num_cells': 3},
}


@cache
def read(path: Path) -> Config:
    return load_config(path)


def transforms(config: Config, split: str = 'train') -> list[str]:
    return [t['type'] for t in config[f'{split}_dataloader'].dataset.pipeline]


def settings(config: Config) -> dict[str, Any]:
    """What a config says, under the names of the table."""
    backbone, head, optimizer = config.model.backbone, config.model.head, config.optim_wrapper
    return {
        'space': backbone.space.type,
        **{key: backbone[key] for key in ('stem', 'channels', 'num_cells')},
        'num_classes': head.num_classes,
        'drop_path_prob': backbone.get('drop_path_prob', 0.0),
        'aux': head.aux and dict(head.aux),
        'loss': dict(head.loss),
        'data': config.train_dataloader.dataset.type,
        'batch': config.train_dataloader.batch_size,
        'total_batch': config.auto_scale_lr.base_batch_size,
        'cutout': 'ostrdet.Cutout' in transforms(config),
        'randaugment': 'RandAugment' in transforms(config),
        'epochs': config.train_cfg.max_epochs,
        'lr': optimizer.optimizer.lr,
        'weight_decay': optimizer.optimizer.weight_decay,
        'nesterov': optimizer.optimizer.get('nesterov', False),
        'clip': optimizer.get('clip_grad', {}).get('max_norm'),
    }


def test_the_table_knows_every_config() -> None:
    assert set(SETTINGS) == set(NAMES)


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_settings(path: Path) -> None:
    config = read(path)
    assert settings(config) == SETTINGS[path.stem]
    assert config.optim_wrapper.optimizer.type == 'SGD'
    assert config.optim_wrapper.optimizer.momentum == 0.9
    assert config.model.head.get('aux_weight', 0.4) == 0.4
    assert (config.default_scope, config.randomness.seed) == ('mmpretrain', 0)
    assert config.auto_scale_lr.enable is False
    assert config.default_hooks.progress.type == 'ostrdet.ProgressHook'


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_the_test_set_is_tested(path: Path) -> None:
    config = read(path)
    train, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    assert config.test_dataloader == config.val_dataloader
    assert (train.split, test.split) == ('train', 'val' if 'in1k' in path.stem else 'test')
    assert (train.type, train.get('data_root')) == (test.type, test.get('data_root'))
    assert not {'ostrdet.Cutout', 'RandAugment', 'ostrdet.PadCropFlip'} & set(
        transforms(config, 'test')
    )
    assert 'indices' not in test


def expected_rate(said: dict[str, Any], epoch: int) -> float:
    """The published curve: cosine to 0, or that of PC-DARTS' ImageNet training."""
    epochs, rate = said['epochs'], said['lr']
    if said['stem'] == 'CIFARStem':
        return rate * (1 + cos(pi * epoch / epochs)) / 2
    if epoch < 5:
        return rate * (epoch + 1) / 5
    if epochs - epoch > 5:
        return rate * (epochs - 5 - epoch) / (epochs - 5)
    return rate * (epochs - epoch) / ((epochs - 5) * 5)


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_the_learning_rate_of_every_epoch(path: Path) -> None:
    said, config = SETTINGS[path.stem], read(path)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=said['lr'])
    schedulers = [
        PARAM_SCHEDULERS.build({'end': said['epochs'], **cfg, 'optimizer': optimizer})
        for cfg in config.param_scheduler
    ]
    for epoch in range(said['epochs']):
        rate = optimizer.param_groups[0]['lr']
        assert rate == pytest.approx(expected_rate(said, epoch), rel=1e-9, abs=1e-14)
        assert rate > 0
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_every_model_builds(path: Path) -> None:
    said, config = SETTINGS[path.stem], read(path)
    with torch.device('meta'):
        model = MODELS.build({**config.model, 'data_preprocessor': config.data_preprocessor})
    assert model.head.fc.out_features == said['num_classes']
    assert (model.head.aux is None) == (said['aux'] is None)
    assert model.head.fc.in_features == model.backbone.plan.output.channels


@pytest.mark.parametrize('path', [p for p in LEAVES if p.stem.startswith(('darts_c', 'pc'))])
def test_cutout_leaves_the_mean_and_nothing_else_does(path: Path) -> None:
    """On a bright image the hole is exactly 0, at most 16 pixels a side, and in every draw."""
    config = read(path)
    pipeline = [t for t in config.train_dataloader.dataset.pipeline if t['type'] != 'RandAugment']
    compose = Compose([{**t, 'type': _full(t['type'])} for t in pipeline])
    holes = []
    for seed in range(30):
        np.random.seed(seed)
        image = np.full((32, 32, 3), 255, np.uint8)
        inputs = compose({'img': image, 'gt_label': 0})['inputs']
        hole = (inputs == 0).all(dim=0)
        rows, columns = hole.any(dim=1).sum().item(), hole.any(dim=0).sum().item()
        assert 0 < rows <= 16
        assert 0 < columns <= 16
        assert hole.sum().item() == rows * columns
        holes.append((rows, columns))
    assert (16, 16) in holes
    assert len(set(holes)) > 1


def _full(name: str) -> str:
    return name if '.' in name else f'mmpretrain.{name}'


@pytest.mark.parametrize('path', [p for p in LEAVES if 'in1k' not in p.stem])
def test_images_are_normalised_in_the_order_of_their_channels(path: Path) -> None:
    """All of them hand over RGB, and the pipeline alone normalises."""
    config = read(path)
    for loader in (config.train_dataloader, config.test_dataloader):
        (normalize,) = [t for t in loader.dataset.pipeline if t['type'] == 'Normalize']
        assert normalize['to_rgb'] is False
        assert loader.dataset.get('channel_order', 'rgb') == 'rgb'
    assert not config.data_preprocessor.get('mean')
    assert config.data_preprocessor.to_rgb is False
