"""Work dirs of searches that were never run: random scores in any space, for any number of epochs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ostrdet.records.run_facts import RunFacts
from ostrdet.selection import discretize
from ostrdet.spaces import SearchSpace, build_space

CRITERIA = (
    'OperationStrength',
    'OperationStrengthStar',
    'PruningSaliency',
    'AlphaSaliency',
    'Magnitude',
)
MakeWorkDir = Callable[..., Path]


def random_lines(space: SearchSpace, epochs: int, seed: int = 0) -> list[dict[str, Any]]:
    """Lines of a trajectory, as a search writes them."""
    random = np.random.default_rng(seed)
    shape = {cell: (len(spec.edges), len(space.ops)) for cell, spec in space.cells.items()}
    lines = []
    for epoch in range(1, epochs + 1):
        alphas = {cell: torch.from_numpy(random.normal(size=size)) for cell, size in shape.items()}
        weights = {cell: alpha.softmax(-1) for cell, alpha in alphas.items()}
        scores = {
            name: {cell: torch.from_numpy(random.random(size)) for cell, size in shape.items()}
            for name in CRITERIA
        } | {'Magnitude': weights}
        lines.append(
            {
                'epoch': epoch,
                'alphas': _rows(alphas),
                'op_weights': _rows(weights),
                'edge_weights': dict.fromkeys(shape),
                'scores': {name: _rows(found) for name, found in scores.items()},
                'genotypes': {n: space.format(discretize(space, s)) for n, s in scores.items()},
                'benchmark': {
                    n: {'cifar10': 90.0 + epoch / epochs, 'cifar100': 70.0} for n in scores
                },
                'skipped': dict.fromkeys(scores, 0),
                'val_accuracy': 50.0 + epoch / epochs,
                'stable_epochs': 0,
                'seconds': 60.0,
                'losses': {'loss': 2.0 / epoch, 'arch_loss': 2.5 / epoch},
            }
        )
    return lines


def _rows(tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    return {name: tensor.tolist() for name, tensor in tensors.items()}


def write_work_dir(folder: Path, lines: list[dict[str, Any]], facts: RunFacts) -> Path:
    """Write the two files that a report is made of."""
    folder.mkdir(parents=True, exist_ok=True)
    text = ''.join(json.dumps(line) + '\n' for line in lines)
    (folder / 'trajectory.jsonl').write_text(text, encoding='utf-8')
    (folder / 'run.json').write_text(facts.to_json(), encoding='utf-8')
    return folder


@pytest.fixture(scope='session')
def make_work_dir(tmp_path_factory: pytest.TempPathFactory) -> MakeWorkDir:
    """Makes the work dir of a search in the space of a type, with changes of its facts."""

    def make(space_type: str, epochs: int = 3, **facts: Any) -> Path:
        space = build_space({'type': space_type})
        told = {
            'criterion': 'OperationStrength',
            'config': 'search.py',
            'max_epochs': epochs,
            **facts,
        }
        folder = tmp_path_factory.mktemp(space_type)
        lines = random_lines(space, epochs)
        return write_work_dir(folder, lines, RunFacts(space.to_config(), **told))

    return make


@pytest.fixture(scope='session')
def lines_in() -> Callable[..., list[dict[str, Any]]]:
    """Makes the lines of a trajectory in a space, for so many epochs."""
    return random_lines
