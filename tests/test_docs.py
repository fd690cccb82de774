"""What the documentation shows is run."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch

from ostrdet.models.supernets import Supernet
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import CRITERIA, OPS, SPACES, WEIGHTINGS, build
from ostrdet.spaces import build_space
from ostrdet.structures import CellSpec

REGISTRIES = (CRITERIA, OPS, SPACES, WEIGHTINGS)


def code_blocks(path: Path) -> list[str]:
    """The indented blocks of a page that define something."""
    blocks = re.findall(r'(?:^(?: {4}.*)?\n)+', path.read_text(encoding='utf-8'), re.MULTILINE)
    return [dedent(block) for block in blocks if '@' in block and 'register_module' in block]


@pytest.fixture
def documented(repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Everything that ``docs/extending.md`` defines, registered for one test."""
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, '_module_dict', dict(registry.module_dict))
    names: dict[str, Any] = {'__name__': __name__}
    for block in code_blocks(repo_root / 'docs' / 'extending.md'):
        exec(compile(block, 'docs/extending.md', 'exec'), names)
    return names


def test_space_by_file(documented: dict[str, Any]) -> None:
    supernet = Supernet({'type': 'ChainSpace'}, channels=4, num_cells=2, num_classes=3)
    (spec,) = supernet.space.cells.values()
    weights = MixWeights(torch.full((len(spec.edges), len(supernet.space.ops)), 0.2))
    assert supernet(torch.randn(2, 3, 8, 8), {'cell': weights}).shape == (2, 3)
    assert [layer.stride for layer in supernet.skeleton.plan.layers] == [1, 1]
    text = "Genotype(cell=[('skip_connect', 0), ('none', 1), ('nor_conv_3x3', 0)], cell_concat=[3])"
    assert supernet.space.format(supernet.space.parse(text)) == text


def test_operation(documented: dict[str, Any]) -> None:
    op = OPS.get('max_pool_5x5')(4, 2, {'type': 'BN'})
    assert op(torch.randn(2, 4, 7, 8)).shape == (2, 4, 4, 4)


def test_weighting(documented: dict[str, Any]) -> None:
    weighting = build(WEIGHTINGS, {'type': 'SigmoidWeighting'})
    found = weighting(torch.zeros(1, 2), None, CellSpec(1, 1, (1,)))
    assert torch.equal(found.op_weights, torch.full((1, 2), 0.5))


def test_criterion(documented: dict[str, Any]) -> None:
    assert documented['SignedStrength'] is CRITERIA.get('SignedStrength')
    assert build(CRITERIA, {'type': 'SignedStrength'}).observed == 0


def test_space_by_config(repo_root: Path) -> None:
    page = (repo_root / 'docs' / 'extending.md').read_text(encoding='utf-8')
    (block,) = re.findall(r'^    _base_ = .*\n(?:    .*\n)+', page, re.MULTILINE)
    config: dict[str, Any] = {}
    exec(dedent(block), config)
    settings = config['model']['supernet']['space']
    space = build_space({'type': 'DARTSSpace', **settings})
    plan = space.plan('CIFARStem', 4, config['model']['supernet']['num_cells'])
    assert [layer.stride for layer in plan.layers] == [1, 1, 1, 2, 1, 1]
    assert len(space.cells['normal'].edges) == 9
