"""Studies in files, and runs that never ran."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ostrdet.studies.plan import Run

REPO_ROOT = Path(__file__).resolve().parents[2]
FIRST = str(REPO_ROOT / 'configs' / 'search' / 'ostr_nb201_digits.py')
SECOND = str(REPO_ROOT / 'configs' / 'search' / 'ostr_nb201_2nd_digits.py')

WriteStudy = Callable[..., Path]
MakeRun = Callable[..., Run]


@pytest.fixture
def write_study(tmp_path: Path) -> WriteStudy:
    """Writes a study of the digits with more keys, or with others; None leaves a key out."""

    def write(**keys: Any) -> Path:
        content = {'configs': {'first': FIRST, 'second': SECOND}, 'seeds': [0, 1, 2], **keys}
        kept = {key: value for key, value in content.items() if value is not None}
        path = tmp_path / 'digits.yaml'
        path.write_text(yaml.safe_dump(kept, sort_keys=False), encoding='utf-8')
        return path

    return write


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Makes a run by its seed, of a tool that gets these arguments."""

    def make(seed: int = 0, *arguments: str, config: str = 'a', overrides: str = '') -> Run:
        name = '_'.join(filter(None, (config, overrides, f's{seed}')))
        return Run(config, overrides, seed, tmp_path / name, 'search', arguments, 2, f'{seed}')

    return make
