"""Mean and standard deviation of a config, wherever they stand."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.settings.normalization import normalization

IMAGENET = {'mean': [123.675, 116.28, 103.53], 'std': [58.395, 57.12, 57.375], 'to_rgb': True}


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('retrain/darts_in1k.py', IMAGENET),
        ('retinanet/retinanet_p-darts_fpn_1x_coco.py', IMAGENET),
        (
            'retrain/nb201_digits.py',
            {'mean': [78, 78, 78], 'std': [94, 94, 94], 'to_rgb': False},
        ),
    ],
)
def test_those_of_the_configs(name: str, expected: dict[str, Any], repo_root: Path) -> None:
    from ostrdet.settings.train import load_config

    assert normalization(load_config(repo_root / 'configs' / name)) == expected


def test_the_pipeline_counts_before_the_preprocessor() -> None:
    step = {'type': 'mmpretrain.Normalize', 'mean': [1], 'std': [2], 'to_rgb': True}
    loader = {
        'dataset': {'pipeline': [{'type': 'LoadImageFromFile'}, step, {'type': 'PackInputs'}]}
    }
    cfg = {'test_dataloader': loader, 'data_preprocessor': {'mean': [3], 'std': [4]}}
    assert normalization(cfg) == {'mean': [1], 'std': [2], 'to_rgb': True}
    assert normalization({'data_preprocessor': {'type': 'ClsDataPreprocessor'}}) == {}
