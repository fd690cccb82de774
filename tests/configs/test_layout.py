"""The rules that all configs keep: shallow inheritance, short leaves, disjoint bases, a command on top."""

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.config import Config

from ostrdet.commands import search as search_cli
from ostrdet.commands import train as train_cli

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
PARSERS = {
    'search': search_cli.build_parser,
    'retrain': train_cli.build_parser,
    'retinanet': train_cli.build_parser,
}
TOOLS = {
    'search': 'tools/search.py',
    'retrain': 'tools/train.py',
    'retinanet': 'tools/train.py',
}
LEAVES = sorted(path for folder in PARSERS for path in (CONFIGS / folder).glob('*.py'))
NAMES = [path.stem for path in LEAVES]
MAX_DEPTH, MAX_LINES = 3, 25

#: The top-level keys that the bases of a folder may own.
OWNED = {
    'supernets': {'model'},
    'derived': {'model'},
    'datasets': {'data_preprocessor', 'train_dataloader', 'val_dataloader', 'val_evaluator'},
    'detectors': {
        'model',
        'train_dataloader',
        'val_dataloader',
        'test_dataloader',
        'val_evaluator',
        'test_evaluator',
        'default_hooks',
        'randomness',
        'train_cfg',
        'optim_wrapper',
        'param_scheduler',
    },
    'schedules': {'train_cfg', 'val_cfg', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr'},
}


def assignments(path: Path) -> dict[str, ast.expr]:
    """The values that a config file itself gives to its top-level keys."""
    body = ast.parse(path.read_text(encoding='utf-8')).body
    assert all(isinstance(line, ast.Assign) for line in body), f'{path}: more than assignments'
    return {line.targets[0].id: line.value for line in body}  # type: ignore[attr-defined]


def bases(path: Path) -> list[Path]:
    """The configs of ours that a config inherits; detectors inherit one of mmdet as well."""
    names = ast.literal_eval(assignments(path).get('_base_', ast.List([], ast.Load())))
    return [
        (path.parent / name).resolve()
        for name in ([names] if isinstance(names, str) else names)
        if not name.startswith('mmdet::')
    ]


def read(path: Path) -> Config:
    if path.parent.name == 'retinanet':
        pytest.importorskip('mmdet.version')
    return Config.fromfile(path)


def depth(path: Path) -> int:
    """Steps of inheritance below a config."""
    return max((1 + depth(base) for base in bases(path)), default=0)


def ancestors(path: Path) -> Iterator[Path]:
    for base in bases(path):
        yield base
        yield from ancestors(base)


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_inheritance_is_shallow_and_leaves_are_short(path: Path) -> None:
    assert depth(path) <= MAX_DEPTH
    assert len(path.read_text(encoding='utf-8').splitlines()) <= MAX_LINES
    roots = [base for base in ancestors(path) if not bases(base)]
    assert all(CONFIGS / '_base_' in base.parents for base in roots)


@pytest.mark.parametrize('path', LEAVES, ids=NAMES)
def test_a_leaf_starts_with_the_command_that_runs_it(path: Path) -> None:
    first = path.read_text(encoding='utf-8').splitlines()[0]
    program, tool, *argv = shlex.split(first.removeprefix('# '))
    folder = path.parent.name
    assert (first[:2], program, tool) == ('# ', 'python', TOOLS[folder])
    args = PARSERS[folder]().parse_args(argv)
    assert args.config == f'configs/{folder}/{path.name}'
    dataset = read(path).train_dataloader.dataset
    assert (args.data_root is not None) == ('data_root' in dataset)


def test_bases_own_the_keys_of_their_folder_and_no_others() -> None:
    files = {
        path: set(assignments(path)) - {'_base_'} for path in (CONFIGS / '_base_').rglob('*.py')
    }
    runtimes = [
        CONFIGS / '_base_' / f'default_runtime_{folder}.py' for folder in ('search', 'retrain')
    ]
    shared = set.union(*(files.pop(runtime) for runtime in runtimes))
    for path, keys in files.items():
        assert keys <= OWNED[path.parent.name], path
        assert not keys & shared or path.parent.name == 'detectors', path
        assert all(base.parent == path.parent for base in bases(path))
    assert {path.parent.name for path in files} == set(OWNED)


def test_every_base_is_used() -> None:
    used = {base for path in LEAVES for base in ancestors(path)}
    assert set((CONFIGS / '_base_').rglob('*.py')) <= used


def test_the_metafile_names_configs_that_exist() -> None:
    text = (CONFIGS / 'retrain' / 'metafile.yml').read_text(encoding='utf-8')
    named = {line.split()[1] for line in text.splitlines() if line.strip().startswith('Config:')}
    assert len(named) >= 5
    assert all((CONFIGS.parent / name).is_file() for name in named)
