"""What ``docs/extending.md`` shows is enough to search with: modules outside of the package, and a config."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch

from ostrdet.commands.search import main
from ostrdet.registry import CRITERIA, OPS, PERTURBATIONS, REGULARIZERS, SPACES, WEIGHTINGS
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Genotype

MAX_LINES = 15
MODULE = 'outside_of_the_package'


@dataclass(frozen=True)
class Found:
    """What a search left: its only line of the trajectory, the genotype, and the space of that."""

    line: dict[str, Any]
    genotype: Genotype
    space: SearchSpace


Search = Callable[[str, str], Found]


def shown(repo_root: Path, heading: str) -> str:
    """The first block of code under a heading of the page."""
    page = (repo_root / 'docs' / 'extending.md').read_text(encoding='utf-8')
    (section,) = re.findall(rf'^## {heading}\n(.*?)(?=^## |\Z)', page, re.DOTALL | re.MULTILINE)
    block = re.search(r'(?:^(?: {4}.*)?\n)*^ {4}.*\n', section, re.MULTILINE)
    assert block, heading
    return dedent(block[0]).strip()


@pytest.fixture
def search(
    repo_root: Path, tiny_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Search]:
    """Searches with a module that holds the code under a heading, and with a config that names it."""
    for registry in (CRITERIA, OPS, PERTURBATIONS, REGULARIZERS, SPACES, WEIGHTINGS):
        registry.import_from_location()  # what is loaded later would be lost with the patch
        monkeypatch.setattr(registry, '_module_dict', dict(registry.module_dict))
    monkeypatch.syspath_prepend(tmp_path)
    tiny_config({'train_cfg.max_epochs': 1}).dump(tmp_path / 'tiny.py')

    def run(heading: str, config: str) -> Found:
        code = shown(repo_root, heading)
        assert len([line for line in code.splitlines() if line.strip()]) <= MAX_LINES
        (tmp_path / f'{MODULE}.py').write_text(code, encoding='utf-8')
        path, work_dir = tmp_path / 'config.py', tmp_path / 'run'
        lines = ["_base_ = './tiny.py'", f"custom_imports = dict(imports=['{MODULE}'])", config]
        path.write_text('\n'.join(lines), encoding='utf-8')
        assert main([str(path), '--work-dir', str(work_dir)]) == 0
        genotype = get_genotype(work_dir / 'genotype.json')
        text = (work_dir / 'trajectory.jsonl').read_text(encoding='utf-8')
        return Found(json.loads(text), genotype, build_space(genotype.space))

    yield run
    sys.modules.pop(MODULE, None)


def ops_of(genotype: Genotype) -> set[str]:
    return {op for cell in genotype.cells.values() for node in cell.nodes for op, _ in node}


def test_an_operation(search: Search) -> None:
    config = "model = dict(supernet=dict(space=dict(ops=('none', 'max_pool_5x5', 'nor_conv_1x1'))))"
    found = search('An operation', config)
    assert found.space.ops == ('none', 'max_pool_5x5', 'nor_conv_1x1')
    assert ops_of(found.genotype) <= set(found.space.ops)
    assert all(len(row) == 3 for row in found.line['scores']['OperationStrength']['cell'])


def test_an_operation_that_is_the_only_one(search: Search) -> None:
    config = "model = dict(supernet=dict(space=dict(ops=('max_pool_5x5',))))"
    assert ops_of(search('An operation', config).genotype) == {'max_pool_5x5'}


def test_a_weighting(search: Search) -> None:
    found = search('A weighting', "model = dict(weighting=dict(type='TemperedWeighting'))")
    alphas, weights = (torch.tensor(found.line[key]['cell']) for key in ('alphas', 'op_weights'))
    torch.testing.assert_close(weights, (2 * alphas).softmax(-1))
    assert None not in found.line['genotypes'].values()
    found.space.validate(found.genotype)


def test_a_weighting_that_samples(search: Search) -> None:
    config = "model = dict(weighting=dict(type='HardGumbel'))\ndefault_hooks = dict(selector=dict("
    found = search(
        'A weighting that samples', config + "criterion=dict(type='Magnitude'), compare=[]))"
    )
    alphas, weights = (torch.tensor(found.line[key]['cell']) for key in ('alphas', 'op_weights'))
    torch.testing.assert_close(weights, alphas.softmax(-1))
    found.space.validate(found.genotype)


def test_a_regularizer(search: Search) -> None:
    decayed = search('A regulariser', "model = dict(regularizers=[dict(type='Entropy', weight=9)])")
    decayed.space.validate(decayed.genotype)


def test_a_perturbation(search: Search) -> None:
    shaken = "model = dict(perturbation=dict(type='TowardsUniform', epsilon=0.5))"
    found = search('A perturbation', shaken)
    found.space.validate(found.genotype)


def test_a_criterion(search: Search) -> None:
    hooks = "default_hooks = dict(selector=dict(criterion=dict(type='SignedStrength')))"
    found = search('A criterion', hooks)
    assert found.genotype.provenance['criterion'] == 'SignedStrength'
    assert next(iter(found.line['scores'])) == 'SignedStrength'
    strength, signed = (
        torch.tensor(found.line['scores'][name]['cell'], dtype=torch.float64)
        for name in ('OperationStrength', 'SignedStrength')
    )
    assert (signed < 0).any()
    assert (signed.abs() <= strength * (1 + 1e-9)).all()  # of a mean, and a mean of the absolute
    assert found.space.format(found.genotype) == found.line['genotypes']['SignedStrength']


def test_a_criterion_beside_another(search: Search) -> None:
    hooks = "default_hooks = dict(selector=dict(compare=['SignedStrength']))"
    found = search('A criterion', hooks)
    assert list(found.line['scores']) == ['OperationStrength', 'SignedStrength']


def test_a_criterion_that_evaluates(search: Search) -> None:
    removal = "dict(type='Removal', batches=1, when='epoch')"
    found = search(
        'A criterion that evaluates', f'default_hooks = dict(selector=dict(compare=[{removal}]))'
    )
    scores = torch.tensor(found.line['scores']['Removal']['cell'])
    assert (scores > 0).all()
    found.space.validate(found.space.parse(found.line['genotypes']['Removal']))


def test_a_space_by_file(search: Search) -> None:
    space = "space=dict(type='ChainSpace', _delete_=True)"
    found = search('A search space by file', f'model = dict(supernet=dict({space}))')
    assert found.genotype.space['type'] == 'ChainSpace'
    found.space.validate(found.genotype)
    (cell,) = found.genotype.cells.values()
    assert [len(node) for node in cell.nodes] == [1, 1, 1]
    assert found.space.parse(found.line['genotypes']['OperationStrength']) == found.genotype


@pytest.mark.parametrize(
    'base',
    ["type='NASBench201Space', num_nodes=2, num_stages=2, ops=('skip_connect', 'none')", None],
)
def test_a_space_by_config_alone(
    repo_root: Path, tiny_config: Any, tmp_path: Path, base: str | None
) -> None:
    tiny_config({'train_cfg.max_epochs': 1}).dump(tmp_path / 'tiny.py')
    if base is None:  # what the page shows, on the digits instead of CIFAR-10
        page = shown(repo_root, 'A search space by config')
        config = page.replace('./ostr_darts_c10.py', './tiny.py')
        config = config.replace('space=dict(', "space=dict(type='DARTSSpace',")
    else:
        magnitude = "default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))"
        config = (
            f"_base_ = './tiny.py'\nmodel = dict(supernet=dict(space=dict({base})))\n{magnitude}"
        )
    (tmp_path / 'config.py').write_text(config, encoding='utf-8')
    assert main([str(tmp_path / 'config.py'), '--work-dir', str(tmp_path / 'run')]) == 0
    genotype = get_genotype(tmp_path / 'run' / 'genotype.json')
    space = build_space(genotype.space)
    assert space.to_config() == genotype.space
    if base is None:
        assert (len(space.ops), len(space.cells['normal'].edges)) == (4, 9)
        assert [len(node) for node in genotype.cells['normal'].nodes] == [2, 2, 2]
        assert 'none' not in ops_of(genotype)
    else:
        assert (len(space.ops), len(space.cells['cell'].edges)) == (2, 3)
        assert [len(node) for node in genotype.cells['cell'].nodes] == [1, 2]
