"""What the tests of detection share: a small COCO data set, and detectors of seconds on it."""

import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.config import Config

# A conftest can't skip; without mmdet there is nothing here to run
collect_ignore_glob = [] if find_spec('mmdet') else ['test_*.py']

ROOT = Path(__file__).resolve().parents[2]
#: Category ids are not in a row, as COCO's own are not.
CLASSES = {'disc': 3, 'square': 7}
SPLITS = ('train2017', 'val2017')
MakeDetector = Callable[..., Config]


def picture(seed: int) -> tuple[Any, list[tuple[str, list[int]]]]:
    """Noise with a square and, on even seeds, a disc; seed 3 has nothing on it."""
    random = np.random.default_rng(seed)
    image = random.integers(0, 60, (80, 96, 3), dtype=np.uint8)
    shapes: list[tuple[str, list[int]]] = []
    if seed != 3:
        x, y = (int(value) for value in random.integers(0, 40, 2))
        cv2.rectangle(image, (x, y), (x + 36, y + 36), (250, 250, 250), -1)
        shapes.append(('square', [x, y, 36, 36]))
    if seed % 2 == 0:
        cv2.circle(image, (70, 20), 16, (20, 250, 20), -1)
        shapes.append(('disc', [54, 4, 32, 32]))
    return image, shapes


def write_split(folder: Path, split: str, seeds: range) -> None:
    content: dict[str, list[dict[str, Any]]] = {
        'images': [],
        'annotations': [],
        'categories': [{'id': key, 'name': name} for name, key in CLASSES.items()],
    }
    (folder / split).mkdir(parents=True)
    for seed in seeds:
        image, shapes = picture(seed)
        cv2.imwrite(str(folder / split / f'{seed}.jpg'), image)
        size = {'height': image.shape[0], 'width': image.shape[1]}
        content['images'].append({'id': seed, 'file_name': f'{seed}.jpg', **size})
        for name, box in shapes:
            content['annotations'].append(
                {
                    'id': len(content['annotations']) + 1,
                    'image_id': seed,
                    'category_id': CLASSES[name],
                    'bbox': box,
                    'area': box[2] * box[3],
                    'iscrowd': 0,
                }
            )
    path = folder / 'annotations' / f'instances_{split}.json'
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding='utf-8')


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """The folder of a data set of its own."""
    for split, seeds in zip(SPLITS, (range(6), range(6, 9)), strict=True):
        write_split(tmp_path / 'coco', split, seeds)
    return tmp_path / 'coco'


@pytest.fixture
def edit(coco: Path) -> Callable[..., None]:
    """Changes the annotation file of a split."""

    def change(function: Callable[[Any], Any], split: str = 'train2017') -> None:
        path = coco / 'annotations' / f'instances_{split}.json'
        content = json.loads(path.read_text(encoding='utf-8'))
        function(content)
        path.write_text(json.dumps(content), encoding='utf-8')

    return change


LOADER = {'batch_size': 2, 'num_workers': 0, 'persistent_workers': False}
TINY: dict[str, Any] = {
    'model.backbone.channels': 4,
    'model.backbone.num_cells': 3,
    'model.neck.out_channels': 8,
    'model.bbox_head.in_channels': 8,
    'model.bbox_head.feat_channels': 8,
    'model.bbox_head.stacked_convs': 1,
    'model.bbox_head.num_classes': 2,
    'model.test_cfg.score_thr': 0.0,
    'train_cfg.max_epochs': 1,
    'train_cfg.val_interval': 1,
    'default_hooks.checkpoint.interval': 1,
    'val_evaluator.ann_file': 'data/coco/annotations/instances_val2017.json',
    'val_dataloader.dataset.ann_file': 'annotations/instances_val2017.json',
    'val_dataloader.dataset.data_prefix.img': 'val2017/',
    'val_dataloader.dataset.test_mode': True,
    'train_dataloader.dataset.pipeline.2.scale': (96, 64),
    'val_dataloader.dataset.pipeline.1.scale': (96, 64),
    'test_dataloader': None,
    'test_evaluator': None,
    'optim_wrapper.optimizer.lr': 1e-3,
    'param_scheduler': [],
}


@pytest.fixture
def tiny_detector(coco: Path, quick_dump: None) -> MakeDetector:
    """Makes the config of a training of a second, with overrides by dotted key."""
    from ostrdet.compat import import_quietly

    import_quietly()

    def make(overrides: Mapping[str, Any] | None = None) -> Config:
        config = Config.fromfile(
            ROOT / 'configs' / 'retinanet' / 'retinanet_darts-v2_fpn_coco-mini.py'
        )
        config.merge_from_dict(TINY)
        for loader in (config.train_dataloader, config.val_dataloader):
            loader.update(LOADER)
            loader.dataset.metainfo = {'classes': tuple(CLASSES)}
        config.merge_from_dict(dict(overrides or {}))
        return config

    return make
