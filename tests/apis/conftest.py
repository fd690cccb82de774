"""Tiny searches; tiny derived networks: a trained one, and untrained ones with their checkpoints."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from ostrdet.compat import import_quietly

#: Candidates of the tiny searches.
OPS = ('none', 'skip_connect', 'nor_conv_1x1', 'avg_pool_3x3')
RETRAIN = Path(__file__).resolve().parents[2] / 'configs' / 'retrain'


class Trained(NamedTuple):
    config: Path
    checkpoint: Path


#: By config: what makes it tiny.
TINY = {
    'nb201_digits': {'model.backbone.channels': 4},
    'darts_c10': {'model.backbone.channels': 4, 'model.backbone.num_cells': 3},
    'darts_in1k': {
        'model.backbone.channels': 4,
        'model.backbone.num_cells': 3,
        'model.head.num_classes': 10,
    },
}
Untrained = Callable[..., Trained]


@pytest.fixture(scope='session')
def trained(tmp_path_factory: pytest.TempPathFactory, quick_dump: None) -> Trained:
    """The work dir of a training on the digits at 8x8 pixels, which takes a second."""
    import_quietly()
    from mmengine.config import Config

    from ostrdet.apis.train import train

    cfg = Config.fromfile(RETRAIN / 'nb201_digits.py')
    sizes = {f'{name}_dataloader.dataset.size': 8 for name in ('train', 'val')}
    cfg.merge_from_dict({**TINY['nb201_digits'], **sizes, 'train_cfg.max_epochs': 1})
    work_dir = tmp_path_factory.mktemp('trained')
    train(cfg, work_dir=work_dir)
    return Trained(work_dir / 'nb201_digits.py', work_dir / 'epoch_1.pth')


@pytest.fixture
def untrained(tmp_path: Path, quick_dump: None) -> Untrained:
    """Makes a tiny config and a checkpoint of its network, whose BatchNorms have seen a batch."""
    import_quietly()
    from mmengine.config import Config

    from ostrdet.apis.load_model import build_model

    def make(name: str, overrides: dict[str, Any] | None = None) -> Trained:
        cfg = Config.fromfile(RETRAIN / f'{name}.py')
        cfg.merge_from_dict({**TINY[name], **(overrides or {})})
        path = tmp_path / f'{name}.py'
        cfg.dump(path)
        model = build_model(cfg).train()
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # the statistics are those of the batch
        with torch.no_grad():
            model(torch.randn(8, 3, 64, 64), mode='tensor')
        checkpoint = tmp_path / 'epoch_1.pth'
        torch.save({'state_dict': model.state_dict()}, checkpoint)
        return Trained(path, checkpoint)

    return make


class Searches(NamedTuple):
    folders: list[Path]
    table: Path
    accuracies: dict[str, float]


@pytest.fixture(scope='session')
def searches(tiny_config: Any, tmp_path_factory: pytest.TempPathFactory) -> Searches:
    """Two tiny searches with all checkpoints, and a made-up table of every cell of their space."""
    from ostrdet.apis.search import search

    root = tmp_path_factory.mktemp('searches')
    space = {'type': 'NASBench201Space', 'num_nodes': 2, 'ops': list(OPS)}
    accuracies = {
        f'|{a}~0|+|{b}~0|{c}~1|': 50.0 + 9 * OPS.index(a) + 3 * OPS.index(b) - OPS.index(c)
        for a, b, c in itertools.product(OPS, repeat=3)
    }
    table = root / 'table.csv'
    rows = [f'{cell},{value},{value / 2},{value / 4}' for cell, value in accuracies.items()]
    table.write_text('\n'.join(['arch,cifar10,cifar100,imagenet16_120', *rows]), encoding='utf-8')
    folders = [root / f's{seed}' for seed in range(2)]
    for seed, folder in enumerate(folders):
        overrides = {
            'model.supernet.space': space,
            'default_hooks.checkpoint.max_keep_ckpts': -1,
        }
        search(tiny_config(overrides), work_dir=folder, seed=seed, benchmark=table)
    return Searches(folders, table, accuracies)
