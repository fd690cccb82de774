"""Runs small searches and trainings by this checkout and by an older one, and compares every bit.

    python tests/reliability/same_numbers.py --against REV [--data-root DIR] [--coco DIR] [CASE ...]

Compared are the last checkpoint (weights, alphas, optimizers, schedulers, the state of the selection),
the trajectory without times, and the last genotype. Keys that the old side lacks are listed. Exit status
1 if anything else differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

ROOT = Path(__file__).resolve().parents[2]
PARTS = ('state_dict', 'optimizer', 'param_schedulers', 'selector')
#: What depends on the clock.
TIMES = {'seconds'}
#: Scores whose formula was rewritten: they may differ in the last bits of float32.
ROUNDED, RTOL = 'OperationStrengthStar', 1e-5

#: Writes the config of a case in a checkout, with the data of the digits and the options in it.
PROGRAM = """
import json, sys
from mmengine.config import Config
config, digits, options, file = json.loads(sys.argv[1])
cfg = Config.fromfile(config)
if digits:
    for key in ('data_preprocessor', 'train_dataloader', 'val_dataloader', 'val_evaluator'):
        if key in Config.fromfile(digits):
            cfg[key] = Config.fromfile(digits)[key]
cfg.merge_from_dict(options)
cfg.dump(file)
"""


class Case(NamedTuple):
    """A run: tool, config, the config whose data it takes, and options."""

    tool: str
    config: str
    data: str
    options: Mapping[str, Any]


TINY = {
    'default_hooks.report.interval': 0,
    'train_dataloader.dataset.size': 8,
    'val_dataloader.dataset.size': 8,
    'train_dataloader.batch_size': 16,
    'train_cfg.portions': (0.05, 0.05),
}
SMALL_DARTS = {
    **TINY,
    'model.supernet.channels': 8,
    'model.supernet.num_cells': 3,
    'train_cfg.max_epochs': 2,
    'train_cfg.arch_start_epoch': 0,
}
DIGITS = 'configs/search/ostr_nb201_digits.py'
CASES = {
    'digits': Case(
        'search', DIGITS, '', {'train_cfg.max_epochs': 3, 'default_hooks.report.interval': 0}
    ),
    'darts': Case('search', 'configs/search/ostr_darts_c10.py', DIGITS, SMALL_DARTS),
    'pc-darts': Case('search', 'configs/search/ostr_pc-darts_c10.py', DIGITS, SMALL_DARTS),
    'second-order': Case(
        'search',
        'configs/search/ostr_nb201_2nd_digits.py',
        '',
        {**TINY, 'train_cfg.max_epochs': 1},
    ),
    'retrain': Case(
        'train',
        'configs/retrain/nb201_digits.py',
        '',
        {'train_cfg.max_epochs': 2, 'model.backbone.drop_path_prob': 0.2},
    ),
}
#: With the folder of CIFAR-10 as images: 20 iterations.
PROXY = Case(
    'search',
    'configs/search/ostr_nb201_c10-proxy.py',
    '',
    {'train_cfg.max_epochs': 1, 'train_cfg.portions': (0.0256, 0.0256)},
)


#: With a folder of COCO: three steps of the small detector.
RETINANET = Case(
    'train',
    'configs/retinanet/retinanet_darts-v2_fpn_coco-mini.py',
    '',
    {
        'train_cfg.max_epochs': 1,
        'train_cfg.val_begin': 9,
        'default_hooks.checkpoint.interval': 1,
        'train_dataloader.batch_size': 2,
        'train_dataloader.dataset.indices': 6,
        'val_dataloader.dataset.indices': 2,
        'test_dataloader.dataset.indices': 2,
    },
)


class Difference(NamedTuple):
    """A place at which two runs differ.

    ``is_new`` where the old one lacks it, ``is_rounding`` where a rewritten formula explains it.
    """

    place: str
    what: str
    is_new: bool = False
    is_rounding: bool = False


def differences(old: Any, new: Any, place: str = '') -> Iterator[Difference]:
    """Where two nested values differ: in a bit, a type, or the order of keys; NaN equals nothing."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compared_by_key(old, new, place)
    elif type(old) is not type(new):
        yield Difference(place, f'{old!r} became {new!r}'[:120])
    elif isinstance(old, list | tuple) and len(old) == len(new):
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from differences(a, b, f'{place}.{index}')
    elif isinstance(old, torch.Tensor | float):
        yield from _compared(*(_as_tensor(value) for value in (old, new)), place)
    elif old != new:
        yield Difference(place, f'{old!r} became {new!r}'[:120])


def _compared_by_key(
    old: Mapping[Any, Any], new: Mapping[Any, Any], place: str
) -> Iterator[Difference]:
    for key in new.keys() - old.keys():
        yield Difference(f'{place}.{key}', 'the old side lacks it', is_new=True)
    for key in old.keys() - new.keys():
        yield Difference(f'{place}.{key}', 'the new side lacks it')
    common = [key for key in old if key in new]
    if common != [key for key in new if key in old]:
        yield Difference(place, 'the keys have another order')
    for key in (key for key in common if key not in TIMES):
        yield from differences(old[key], new[key], f'{place}.{key}')


def _as_tensor(value: torch.Tensor | float) -> torch.Tensor:
    return torch.as_tensor(value, dtype=getattr(value, 'dtype', torch.float64))


def _compared(old: torch.Tensor, new: torch.Tensor, place: str) -> Iterator[Difference]:
    if old.dtype != new.dtype or old.shape != new.shape:
        kinds = (f'{value.dtype} {tuple(value.shape)}' for value in (old, new))
        yield Difference(place, ' became '.join(kinds))
    elif not (torch.equal(old, new) and torch.equal(old.signbit(), new.signbit())):
        gap = (old.double() - new.double()).abs().max()
        is_rounding = ROUNDED in place and torch.allclose(old, new, rtol=RTOL, atol=0.0)
        yield Difference(place, f'largest difference {gap}', is_rounding=is_rounding)


def content(folder: Path) -> dict[str, Any]:
    """What a run left that does not depend on the clock."""
    newest = max(folder.glob('epoch_*.pth'), key=lambda path: int(path.stem.split('_')[1]))
    checkpoint = torch.load(newest, weights_only=False)
    lines = folder / 'trajectory.jsonl'
    texts = lines.read_text(encoding='utf-8').splitlines() if lines.is_file() else []
    genotype = folder / 'genotype.json'
    cells = (
        json.loads(genotype.read_text(encoding='utf-8'))['cells'] if genotype.is_file() else None
    )
    return {
        **{part: checkpoint.get(part) for part in PARTS},
        'trajectory': [json.loads(text) for text in texts],
        'genotype': cells,
    }


def run(checkout: Path, case: Case, folder: Path) -> None:
    """Run a case by the code of a checkout.

    Raises:
        RuntimeError: If it fails, with the end of what it said.
    """
    data, file = str(checkout / case.data) if case.data else '', f'{folder}.py'
    words = json.dumps([str(checkout / case.config), data, dict(case.options), file])
    tool = str(checkout / 'tools' / f'{case.tool}.py')
    environment = {**os.environ, 'PYTHONPATH': str(checkout), 'OMP_NUM_THREADS': '1'}
    for command in (['-c', PROGRAM, words], [tool, file, '--work-dir', str(folder)]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f'{checkout}: {case.config} failed: {done.stderr[-500:]}')


def check(name: str, case: Case, old: Path, scratch: Path) -> bool:
    """Run a case on both sides and print a line; whether they are equal."""
    folders = [scratch / side / name for side in ('old', 'new')]
    for checkout, folder in zip((old, ROOT), folders, strict=True):
        folder.parent.mkdir(exist_ok=True)
        run(checkout, case, folder)
    found = list(differences(*map(content, folders)))
    changed = [one for one in found if not (one.is_new or one.is_rounding)]
    rounded = sum(one.is_rounding for one in found)
    added = ', '.join(sorted({one.place.rpartition('.')[2] for one in found if one.is_new}))
    said = f'differs at {changed[0].place}: {changed[0].what}' if changed else 'equal'
    notes = [f'{rounded} places of {ROUNDED} to {RTOL} only'] if rounded else []
    notes += [f'new: {added}'] if added else []
    print(f'{name:<14} {said}' + (f' ({"; ".join(notes)})' if notes else ''), flush=True)
    return not changed


def with_root(case: Case, root: str, *parts: str) -> Case:
    """The case with the folder of its data."""
    folder = str(Path(root).resolve())
    roots = {f'{part}_dataloader.dataset.data_root': folder for part in parts}
    return case._replace(options={**case.options, **roots})


def main() -> int:
    """Compare; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'cases', nargs='*', metavar='CASE', help=f'of {", ".join(CASES)}, proxy, retinanet'
    )
    parser.add_argument('--against', metavar='REV', required=True, help='the older commit')
    parser.add_argument(
        '--data-root', metavar='DIR', help='CIFAR-10 as images; adds the case proxy'
    )
    parser.add_argument('--coco', metavar='DIR', help='COCO; adds the case retinanet')
    args = parser.parse_args()
    cases = dict(CASES)
    if args.data_root:
        cases['proxy'] = with_root(PROXY, args.data_root, 'train', 'val')
    if args.coco:
        cases['retinanet'] = with_root(RETINANET, args.coco, 'train', 'val', 'test')
    unknown = set(args.cases) - set(cases)
    if unknown:
        parser.error(f'unknown {", ".join(sorted(unknown))}; expected of {", ".join(cases)}')
    with tempfile.TemporaryDirectory() as name:
        old = Path(name) / 'checkout'
        git = ['git', '-C', str(ROOT), 'worktree']
        subprocess.run([*git, 'add', '--detach', '-q', str(old), args.against], check=True)
        try:
            chosen = args.cases or list(cases)
            equal = [check(case, cases[case], old, Path(name)) for case in chosen]
        finally:
            subprocess.run([*git, 'remove', '--force', str(old)], check=True)
    return 0 if all(equal) else 1


if __name__ == '__main__':
    sys.exit(main())
