"""What all tests share: one torch thread, and the folder of the data that is not in the repository."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

import ostrdet  # noqa: F401 - finds mmcv's operators, whatever a test imports first

if TYPE_CHECKING:  # seconds, which most tests need not pay
    from mmengine.config import Config

    MakeConfig = Callable[..., Config]

REPO_ROOT = Path(__file__).resolve().parents[1]

# Tiny networks gain nothing from threads, and parallel workers would fight over the cores; the
# variable is for the programs that tests start.
torch.set_num_threads(1)
os.environ['OMP_NUM_THREADS'] = '1'


@pytest.fixture(autouse=True)
def _no_default_scope() -> Iterator[None]:
    """A run leaves its library as the default of mmengine's registries; the next test has none."""
    yield
    if registry := sys.modules.get('mmengine.registry'):
        registry.DefaultScope._instance_dict.clear()


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
