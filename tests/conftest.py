"""What all tests share: one torch thread, a SIGINT that interrupts, and the folder of the data that is not in the repository."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import ostrdet  # noqa: F401 - finds mmcv's operators, whatever a test imports first

if TYPE_CHECKING:  # seconds, which most tests need not pay
    from mmengine.config import Config

    MakeConfig = Callable[..., Config]

pytest_plugins = ['tests.fixtures.networks', 'tests.fixtures.work_dirs']
REPO_ROOT = Path(__file__).resolve().parents[1]

# Tiny networks gain nothing from threads, and parallel workers would fight over the cores; the
# variable is for the programs that tests start.
torch.set_num_threads(1)
os.environ['OMP_NUM_THREADS'] = '1'

# A job in the background starts with this signal ignored, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_default_scope() -> Iterator[None]:
    """A run leaves its library as the default of mmengine's registries; the next test has none."""
    yield
    if registry := sys.modules.get('mmengine.registry'):
        registry.DefaultScope._instance_dict.clear()


@pytest.fixture
def float64() -> Iterator[None]:
    """Double precision for every tensor that a test makes, and the same random numbers."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """The folder of the shared data, or a skip that names where it was sought."""
    folder = Path(os.environ.get('OSTRDET_DATA', REPO_ROOT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no shared data in {folder}; set OSTRDET_DATA to the folder that holds it')
    return folder


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """The root of the repository, which holds configs and tools beside the package."""
    return REPO_ROOT


@pytest.fixture(scope='session')
def quick_dump() -> Iterator[None]:
    """Configs are dumped as they are: mmengine formats one six times per run, longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('yapf.yapflib.yapf_api.FormatCode', lambda text, **_: (text, True))
        yield


#: The digits at 8x8 pixels, 72 + 72 of them: 4 iterations per epoch.
TINY = {
    'default_hooks.report.interval': 0,  # a page takes longer than an epoch
    'model.supernet.channels': 4,
    'train_cfg.max_epochs': 2,
    'train_cfg.portions': (0.05, 0.05),
    'train_dataloader.batch_size': 16,
    'train_dataloader.dataset.size': 8,
    'train_dataloader.dataset.serialize_data': False,
    'val_dataloader.dataset.size': 8,
    'val_dataloader.dataset.serialize_data': False,
}


#: The recipe of CIFAR-10 with a small network on 60 + 36 digits: 4 iterations per epoch.
TINY_TRAINING = {
    'model.backbone.channels': 4,
    'model.backbone.num_cells': 3,
    'train_cfg.max_epochs': 2,
    'train_dataloader.batch_size': 16,
    'train_dataloader.dataset.size': 32,
    'train_dataloader.dataset.indices': range(0, 1437, 24),
    'val_dataloader.batch_size': 36,
    'val_dataloader.dataset.size': 32,
    'val_dataloader.dataset.indices': range(0, 360, 10),
}


@pytest.fixture(scope='session')
def tiny_training(quick_dump: None) -> 'MakeConfig':
    """Makes the config of a training that takes about a second, with overrides by dotted key."""
    from ostrdet.compat import import_quietly

    import_quietly()
    from mmengine.config import Config

    def make(overrides: Mapping[str, Any] | None = None) -> Config:
        folder = REPO_ROOT / 'configs' / 'retrain'
        config = Config.fromfile(folder / 'darts_c10.py')
        digits = Config.fromfile(folder / 'nb201_digits.py')
        for key in ('train_dataloader', 'val_dataloader'):
            config[key] = digits[key]
        config.merge_from_dict({**TINY_TRAINING, **(overrides or {})})
        return config

    return make


@pytest.fixture(scope='session')
def tiny_config(quick_dump: None) -> 'MakeConfig':
    """Makes the config of a search that takes about a second, with overrides by dotted key."""
    from ostrdet.compat import import_quietly

    import_quietly()
    from mmengine.config import Config

    def make(overrides: Mapping[str, Any] | None = None) -> Config:
        config = Config.fromfile(REPO_ROOT / 'configs' / 'search' / 'ostr_nb201_digits.py')
        config.merge_from_dict({**TINY, **(overrides or {})})
        return config

    return make


#: Category ids are not in a row, as COCO's own are not.
CLASSES = {'disc': 3, 'square': 7}
SPLITS = ('train2017', 'val2017')


def picture(seed: int) -> tuple[Any, list[tuple[str, list[int]]]]:
    """Noise with a square and, on even seeds, a disc; seed 3 has nothing on it, and 5 is tall."""
    import cv2

    random = np.random.default_rng(seed)
    size = (96, 80) if seed == 5 else (80, 96)
    image = random.integers(0, 60, (*size, 3), dtype=np.uint8)
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
    import cv2

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


DETECTOR_LOADER = {'batch_size': 2, 'num_workers': 0, 'persistent_workers': False}
TINY_DETECTOR: dict[str, Any] = {
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
def tiny_detector(coco: Path, quick_dump: None) -> 'MakeConfig':
    """Makes the config of a training of a second, with overrides by dotted key."""
    from ostrdet.compat import import_quietly

    pytest.importorskip('mmdet.version')
    import_quietly()
    from mmengine.config import Config

    def make(overrides: Mapping[str, Any] | None = None) -> Config:
        config = Config.fromfile(
            REPO_ROOT / 'configs' / 'retinanet' / 'retinanet_darts-v2_fpn_coco-mini.py'
        )
        config.merge_from_dict(TINY_DETECTOR)
        config.train_dataloader.dataset.pipeline.insert(3, {'type': 'RandomFlip', 'prob': 0.5})
        for loader in (config.train_dataloader, config.val_dataloader):
            loader.update(DETECTOR_LOADER)
            loader.dataset.metainfo = {'classes': tuple(CLASSES)}
        config.merge_from_dict(dict(overrides or {}))
        return config

    return make
