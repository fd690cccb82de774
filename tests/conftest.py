"""What all tests share: one torch thread, and the folder of the data that is not in the repository."""

import os
from pathlib import Path

import pytest
import torch

REPO_ROOT = Path(__file__).resolve().parents[1]

# Tiny networks gain nothing from threads, and parallel workers would fight over the cores; the
# variable is for the programs that tests start.
torch.set_num_threads(1)
os.environ['OMP_NUM_THREADS'] = '1'


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
