"""Random search, evolution and the most probable cells: what they judge, and by what."""

import itertools
from collections.abc import Mapping, Sequence
from copy import deepcopy
from random import Random
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher, SupernetProbe
from ostrdet.models.searchers.statistics import averaging, fresh_buffers
from ostrdet.models.weightings import MixWeights
from ostrdet.selection import AngleEvolution, Evolution, MostProbable, RandomSearch, discretize
from ostrdet.selection.evolution import crossed, mutated
from ostrdet.selection.most_probable import most_probable
from ostrdet.spaces import DARTSSpace, NASBench201Space
from ostrdet.spaces.random_genotype import count_genotypes, random_genotype
from ostrdet.spaces.sampling import has_path, one_hot_rows
from ostrdet.structures import ArchState
from ostrdet.structures.probe import Measured, Probe
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')
OPS = NASBench201Space().ops


class CountsConvs(Probe):
    """A cell is the better the more 3x3 convolutions it has."""

    num_batches, num_classes, forward_passes = 1, 10, 0

    def __init__(self, space: Any) -> None:
        self.space, self.asked = space, []

    def measure(
        self,
        op_weights: Mapping[str, Tensor],
        batches: Sequence[int] | None = None,
        statistics: str = 'batch',
    ) -> Measured:
        self.asked.append(statistics)
        found = op_weights['cell'][:, self.space.ops.index('nor_conv_3x3')].sum()[None]
        return Measured(-found, 20 + found)

    def finetune(self, decisions: Any, epochs: int) -> dict[str, Tensor]:
        raise NotImplementedError


def state_of(space: Any, alphas: Tensor | None = None) -> ArchState:
    found = {n: torch.zeros(len(s.edges), len(space.ops)) for n, s in space.cells.items()}
    found = found if alphas is None else {'cell': alphas}
    weights = {name: alpha.softmax(-1) for name, alpha in found.items()}
    return ArchState(found, weights, dict.fromkeys(found))


def test_cells_without_a_path_are_those_counted() -> None:
    space, known = NASBench201Space(), vectors('rsps')
    nodes = [(0,), (0, 1), (0, 1, 2)]
    cut = 0
    for ops in itertools.product(OPS, repeat=6):
        left = iter(ops)
        text = '+'.join('|' + ''.join(f'{next(left)}~{s}|' for s in node) for node in nodes)
        cut += not has_path(space, space.parse(text))
    assert cut == known['disconnected']
    assert count_genotypes(space) == known['of']


def test_the_number_of_cells_where_nodes_choose_their_edges() -> None:
    one_type = 1
    for node in range(2, 6):
        one_type *= node * (node - 1) // 2 * 7**2
    assert count_genotypes(DARTSSpace()) == one_type**2


@pytest.mark.parametrize('space', [NASBench201Space(), DARTSSpace()])
def test_rows_of_a_cell_give_the_cell_back(space: Any) -> None:
    for seed in range(20):
        genotype = random_genotype(space, seed)
        scores = {name: torch.tensor(rows) for name, rows in one_hot_rows(space, genotype).items()}
        assert discretize(space, scores) == genotype


def test_random_search_judges_different_cells_and_keeps_the_best() -> None:
    space = NASBench201Space(num_nodes=2)
    probe, judge = CountsConvs(space), RandomSearch(candidates=125)
    judge.evaluate(probe, state_of(space))
    genotype = discretize(space, judge.scores(state_of(space)))
    assert space.format(genotype) == '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|'
    every = [random_genotype(space, seed) for seed in range(2000)]
    cut = {space.format(g) for g in every if not has_path(space, g)}
    assert judge.facts == {'accuracy': 23.0, 'candidates': 125, 'without_path': len(cut)}
    assert len(probe.asked) == 125 - len(cut)
    assert set(probe.asked) == {'recalibrated'}


def test_evolution_finds_what_few_random_cells_do_not() -> None:
    space = NASBench201Space()
    judge = Evolution(generations=12, population=20, parents=5, seed=1)
    judge.evaluate(CountsConvs(space), state_of(space))
    assert judge.facts['candidates'] == 12 * 20
    assert judge.facts['accuracy'] == 26.0  # of 15,625 cells one alone has it
    random = RandomSearch(candidates=240, seed=1)
    random.evaluate(CountsConvs(space), state_of(space))
    assert random.facts['accuracy'] < 26.0


@pytest.mark.parametrize('space', [NASBench201Space(), DARTSSpace()])
def test_children_are_cells_of_the_space(space: Any) -> None:
    random, one, other = Random(0), random_genotype(space, 1), random_genotype(space, 2)
    assert mutated(space, one, 0.0, random) == one
    assert crossed(one, one, random) == one
    changed = set()
    for _ in range(60):
        child = crossed(mutated(space, one, 0.5, random), other, random)
        space.validate(child)
        rows = one_hot_rows(space, child), one_hot_rows(space, one)
        changed |= {
            (name, edge)
            for name in space.cells
            for edge, pair in enumerate(zip(rows[0][name], rows[1][name], strict=True))
            if pair[0] != pair[1]
        }
    assert len(changed) == sum(len(spec.edges) for spec in space.cells.values())  # every gene


def test_the_most_probable_cells() -> None:
    known, space = vectors('setn_topk'), NASBench201Space()
    state = state_of(space, torch.tensor(known['alpha']))
    found = list(itertools.islice(most_probable(space, state.op_weights), 4))
    rows = [torch.tensor(one_hot_rows(space, genotype)['cell']) for genotype in found]
    assert [row.argmax(-1).tolist() for row in rows] == [one['ops'] for one in known['top']]
    logs = [(state.op_weights['cell'].log() * row).sum().item() for row in rows]
    assert logs == pytest.approx([one['log_prob'] for one in known['top']], abs=1e-12)


def test_statistics_are_averages_over_minibatches() -> None:
    known, norm = vectors('bn_recalibration'), torch.nn.BatchNorm1d(1, momentum=0.3)
    norm(torch.full((2, 1), 9.0))
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    buffers = fresh_buffers(norm)
    with averaging(norm):
        for batch in known['batches']:
            torch.func.functional_call(norm, buffers, torch.tensor(batch)[:, None])
    assert buffers['running_mean'].item() == pytest.approx(known['mean'])
    assert buffers['running_var'].item() == pytest.approx(
        sum(torch.tensor(b).var().item() for b in known['batches']) / 3
    )
    assert norm.momentum == 0.3
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('statistics', ['recalibrated', 'running', 'batch'])
def test_accuracies_equal_a_plain_loop(engine: str, statistics: str) -> None:
    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    searcher = BilevelSearcher({**net, 'engine': engine}).train()
    data = [Batch(torch.randn(6, 3, 8, 8), torch.arange(6) % 3) for _ in range(4)]
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    probe = SupernetProbe(searcher, data[:2], calibrate=lambda number: data[2:])
    genotype = random_genotype(searcher.space, 5)
    weights = {n: torch.tensor(r) for n, r in one_hot_rows(searcher.space, genotype).items()}
    measured = probe.measure(weights, statistics=statistics)
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())
    copy, mix = deepcopy(searcher.supernet), {'cell': MixWeights(weights['cell'])}
    with torch.no_grad():
        if statistics == 'recalibrated':
            for module in copy.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.reset_running_stats()
                    module.momentum = None
            for batch in data[2:]:
                copy(batch.images, mix)
        copy.train(statistics == 'batch')
        logits = [copy(batch.images, mix) for batch in data[:2]]
    losses = [F.cross_entropy(y, b.labels) for y, b in zip(logits, data[:2], strict=True)]
    torch.testing.assert_close(measured.losses, torch.stack(losses))
    assert probe.forward_passes == (4 if statistics == 'recalibrated' else 2)


def test_more_cells_than_there_are_are_refused() -> None:
    space = NASBench201Space(num_nodes=2)
    with pytest.raises(InvalidValueError, match='candidates=126, but NASBench201Space has 125'):
        RandomSearch(candidates=126).check_space(space)
    with pytest.raises(InvalidValueError, match='generations x population=1000, but'):
        Evolution().check_space(space)
    with pytest.raises(
        InvalidValueError, match='AngleEvolution: generations x population=1000, but'
    ):
        AngleEvolution().check_space(space)
    with pytest.raises(InvalidValueError, match='nodes of DARTSSpace keep some'):
        MostProbable().check_space(DARTSSpace())
