"""From a search to a detector by the commands of docs/detection.md, on a handful of images."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.commands import genotype as genotype_cli
from ostrdet.commands import predict as predict_cli
from ostrdet.commands import search as search_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli
from ostrdet.engine.checkpoint import read_state

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SPACE = {'type': 'DARTSSpace', 'num_nodes': 2}


def digits(train: int, size: int) -> dict[str, Any]:
    """Loaders of the embedded digits in the place of CIFAR-10."""
    config = Config.fromfile(CONFIGS / 'retrain' / 'nb201_digits.py')
    loaders = {key: config[key] for key in ('train_dataloader', 'val_dataloader')}
    for loader, num in zip(loaders.values(), (train, 36), strict=True):
        loader.batch_size = 12
        loader.dataset.size = size
        loader.dataset.indices = range(num)
    return loaders


def write_search(path: Path) -> None:
    config = Config.fromfile(CONFIGS / 'search' / 'ostr_darts_c10.py')
    source = Config.fromfile(CONFIGS / 'search' / 'ostr_nb201_digits.py')
    for key in ('train_dataloader', 'val_dataloader', 'data_preprocessor'):
        config[key] = source[key]
    config.merge_from_dict(
        {
            'model.supernet.space': {'_delete_': True, **SPACE},
            'model.supernet.channels': 4,
            'model.supernet.num_cells': 3,
            'train_cfg.max_epochs': 1,
            'train_cfg.portions': (0.02, 0.02),
            'train_dataloader.batch_size': 16,
            'train_dataloader.dataset.size': 8,
            'val_dataloader.dataset.size': 8,
        }
    )
    config.dump(path)


def write_retraining(path: Path) -> None:
    config = Config.fromfile(CONFIGS / 'retrain' / 'darts_c10.py')
    for key, loader in digits(48, 32).items():
        config[key] = loader
    config.merge_from_dict(
        {
            'model.backbone.space': {'_delete_': True, **SPACE},
            'model.backbone.channels': 4,
            'model.backbone.num_cells': 3,
            'train_cfg.max_epochs': 1,
        }
    )
    config.dump(path)


def write_detector(path: Path, make: Any, checkpoint: Path) -> None:
    init_cfg = {'type': 'ostrdet.PretrainedBackbone', 'checkpoint': str(checkpoint)}
    make(
        {
            'model.backbone.space': {'_delete_': True, **SPACE},
            'model.backbone.init_cfg': {'_delete_': True, **init_cfg},
            'model.backbone.frozen_stages': 0,
        }
    ).dump(path)


@pytest.mark.filterwarnings('ignore:Detected call of `lr_scheduler:UserWarning')
def test_search_retrain_detect(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    found = tmp_path / 'search' / 'genotype.json'
    classifier = tmp_path / 'classifier' / 'epoch_1.pth'
    detector = tmp_path / 'detector' / 'epoch_1.pth'
    write_search(tmp_path / 'search.py')
    write_retraining(tmp_path / 'retrain.py')
    write_detector(tmp_path / 'detect.py', tiny_detector, classifier)

    def run(main: Any, *argv: object) -> None:
        assert main([*map(str, argv)]) == 0

    run(search_cli.main, tmp_path / 'search.py', '--work-dir', found.parent)
    stem = ('--cfg-options', 'model.backbone.stem=ImageNetStem', 'model.head.aux=None')
    run(
        train_cli.main,
        tmp_path / 'retrain.py',
        *('--genotype', found, '--work-dir', classifier.parent, *stem),
    )
    options = ('--genotype', found, '--data-root', coco)
    run(train_cli.main, tmp_path / 'detect.py', *options, '--work-dir', detector.parent)
    run(evaluate_cli.main, detector.parent / 'detect.py', detector, '--data-root', coco)
    image = coco / 'val2017' / '6.jpg'
    run(
        predict_cli.main,
        *(detector.parent / 'detect.py', detector, image, '--out-dir', tmp_path / 'out'),
    )
    run(genotype_cli.main, 'validate', found)
    assert (tmp_path / 'out' / '6.jpg').is_file()
    # The frozen stem of the detector is still the classifier's
    first, last = read_state(classifier), read_state(detector)
    kept = [
        name for name in last if name.startswith('backbone.skeleton.stem.') and 'num_' not in name
    ]
    assert kept
    assert all(torch.equal(first[name], last[name]) for name in kept)
