"""What docs/detection.md shows works as it stands there."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.apis.load_model import build_model
from ostrdet.apis.train import train
from ostrdet.commands import genotype as genotype_cli
from ostrdet.commands import predict as predict_cli
from ostrdet.commands import search as search_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli
from ostrdet.settings.train import load_config
from tests.conftest import DETECTOR_LOADER, TINY_DETECTOR

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs' / 'detection.md').read_text(encoding='utf-8')
BASE = ROOT / 'configs' / '_base_' / 'detectors' / 'retinanet_1x.py'
PARSERS = {
    'search': search_cli,
    'train': train_cli,
    'test': evaluate_cli,
    'predict': predict_cli,
    'genotype': genotype_cli,
}
COMMANDS = [
    shlex.split(command.replace('\\\n', ' '))
    for command in re.findall(r'^    (python tools/(?:[^\n]*\\\n)*[^\n]*)', PAGE, re.MULTILINE)
    if '[--' not in command and '.py NAME' not in command
]


def block(start: str) -> str:
    """The indented block of the page that starts with ``start``."""
    (found,) = re.findall(
        rf'^    {re.escape(start)}(?:.*\n(?:    .*)?)*?(?=\n\S|\Z)', PAGE, re.MULTILINE
    )
    return '\n'.join(line.removeprefix('    ') for line in found.splitlines())


@pytest.mark.parametrize('command', COMMANDS, ids=[' '.join(words[1:3]) for words in COMMANDS])
def test_a_command_parses(command: list[str]) -> None:
    tool = Path(command[1]).stem
    args = PARSERS[tool].build_parser().parse_args(command[2:])
    config = getattr(args, 'config', '')
    assert not config.startswith('configs/') or (ROOT / config).is_file()


def test_every_config_of_the_table_is_there_and_all_are_in_it() -> None:
    rows = re.findall(r'^\| (`retinanet_.*?) \|', PAGE, re.MULTILINE)
    words = [word for row in rows for word in re.findall(r'`(.*?)`', row)]
    endings = [word.removeprefix('...') for word in words]
    names = {path.name for path in (ROOT / 'configs' / 'retinanet').glob('*.py')}
    for name in names:
        assert any(name.endswith(ending.lstrip('_')) for ending in endings), name
    assert {word for word in words if word.startswith('retinanet_')} <= names


def test_your_own_data_set(coco: Path, quick_dump: None, tmp_path: Path) -> None:
    text = block("_base_ = './retinanet_darts-v2_fpn_small.py'")
    changes = {
        './': f'{ROOT}/configs/retinanet/',
        'data/pets': str(coco),
        'train.json': 'annotations/instances_train2017.json',
        'val.json': 'annotations/instances_val2017.json',
        "('cat', 'dog')": "('disc', 'square')",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    lines = text.replace("'images/'", "'train2017/'", 1).replace("'images/'", "'val2017/'", 1)
    (tmp_path / 'pets.py').write_text(lines, encoding='utf-8')
    config = Config.fromfile(tmp_path / 'pets.py')
    tiny = {key: value for key, value in TINY_DETECTOR.items() if 'val_' not in key}
    config.merge_from_dict({**tiny, 'model.bbox_head.num_classes': 2})
    config.test_dataloader = config.test_evaluator = None
    for part in ('train', 'val'):
        config[f'{part}_dataloader'].update(DETECTOR_LOADER)
    runner = train(config, work_dir=tmp_path / 'run')
    assert len(runner.train_dataloader.dataset) == 5  # of six, one has no boxes
    assert len(runner.val_dataloader.dataset) == 3
    assert runner.train_dataloader.dataset.metainfo['classes'] == ('disc', 'square')
    assert runner.model.bbox_head.num_classes == 2


SMALL: dict[str, Any] = {
    'atss': {
        'model.neck.out_channels': 32,
        'model.bbox_head.in_channels': 32,
        'model.bbox_head.feat_channels': 32,
    },
    'faster_rcnn': {
        'model.neck.out_channels': 8,
        'model.rpn_head.in_channels': 8,
        'model.rpn_head.feat_channels': 8,
        'model.roi_head.bbox_roi_extractor.out_channels': 8,
        'model.roi_head.bbox_head.in_channels': 8,
        'model.roi_head.bbox_head.fc_out_channels': 16,
    },
}


def other_detector(folder: Path, kind: str) -> Config:
    """The base with another first line, and what the page says of Faster R-CNN."""
    base = {'atss': 'atss_r50', 'faster_rcnn': 'faster-rcnn_r50'}[kind]
    line = f"_base_ = 'mmdet::{kind}/{base}_fpn_1x_coco.py'"
    text = re.sub('^_base_ = .*', line, BASE.read_text(encoding='utf-8'), flags=re.MULTILINE)
    (folder / 'base.py').write_text(text, encoding='utf-8')
    more = block('model = dict(\n        neck=dict(num_outs=4)') if kind == 'faster_rcnn' else ''
    (folder / 'other.py').write_text(f"_base_ = './base.py'\n{more}\n", encoding='utf-8')
    config = Config.fromfile(folder / 'other.py')
    config.merge_from_dict(
        {'model.backbone.channels': 4, 'model.backbone.num_cells': 3, **SMALL[kind]}
    )
    return load_config(config)


def total(losses: Mapping[str, Any]) -> torch.Tensor:
    """The sum of what a detector calls its losses."""
    parts = [value for name, value in losses.items() if 'loss' in name]
    return sum(sum(part) if isinstance(part, list) else part for part in parts)


@pytest.mark.filterwarnings('ignore:DeprecationWarning:UserWarning')  # mmdet's own
@pytest.mark.parametrize('kind', SMALL)
def test_another_detector_trains_and_predicts(tmp_path: Path, kind: str) -> None:
    from mmdet.testing import demo_mm_inputs

    detector = build_model(other_detector(tmp_path, kind))
    batch = demo_mm_inputs(2, [[3, 64, 96], [3, 96, 64]])
    data = detector.data_preprocessor(batch, training=True)
    loss = total(detector.loss(data['inputs'], data['data_samples']))
    loss.backward()
    assert loss.isfinite()
    weights = dict(detector.named_parameters())
    assert all(
        weight.grad is not None for name, weight in weights.items() if weight.requires_grad
    ), 'a part of the detector does not learn'
    detector.eval()
    with torch.no_grad():
        results = detector.predict(data['inputs'], data['data_samples'])
    assert [len(result.pred_instances.bboxes.shape) for result in results] == [2, 2]
