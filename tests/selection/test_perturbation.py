"""DARTS-PT: its choices on published numbers, and a plain loop over forwards."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher, SupernetProbe
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import Perturbation, discretize
from ostrdet.spaces import DARTSSpace, NASBench201Space
from ostrdet.structures import ArchState
from ostrdet.structures.probe import Measured, Probe
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')


class Table(Probe):
    """Answers from a function of the weights of operations; counts what it is asked."""

    num_batches, num_classes = 1, 10

    def __init__(self, space: Any, accuracy: Any) -> None:
        self.space, self.accuracy, self.forward_passes, self.tuned = space, accuracy, 0, []

    def measure(
        self, op_weights: Mapping[str, Tensor], batches: Sequence[int] | None = None
    ) -> Measured:
        self.forward_passes += 1
        value = torch.tensor([float(self.accuracy(op_weights))])
        return Measured(-value, value)

    def finetune(self, decisions: Any, epochs: int) -> dict[str, Tensor]:
        self.tuned.append((deepcopy(decisions), epochs))
        return state_of(self.space).op_weights


def state_of(space: Any) -> ArchState:
    alphas = {n: torch.zeros(len(s.edges), len(space.ops)) for n, s in space.cells.items()}
    weights = {name: alpha.softmax(-1) for name, alpha in alphas.items()}
    return ArchState(alphas, weights, dict.fromkeys(alphas))


@pytest.fixture(scope='module')
def known() -> Any:
    return vectors('darts_pt')


def test_the_operation_that_is_missed_most_stays_and_ties_go_to_the_first(known: Any) -> None:
    space = NASBench201Space(
        ops=('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3'), num_nodes=1
    )
    for name, key in (('op_acc', 'accuracy'), ('op_loss', 'loss')):
        row = known[name][0] if name == 'op_acc' else [-loss for loss in known[name]]
        chosen = known[f'{name}_choice'][0] if name == 'op_acc' else known[f'{name}_choice']
        table = Table(space, lambda w, row=row: row[int(w['cell'][0].argmin())])
        judge = Perturbation(measure=key)
        judge.evaluate(table, state_of(space))
        scores_EO = judge.scores(state_of(space))['cell']
        assert scores_EO[0].argmax() == chosen
        expected = [min(row) - value for value in row]
        assert scores_EO[0].tolist() == pytest.approx(expected)
        assert table.forward_passes == 4


def test_the_topology_of_a_node(known: Any) -> None:
    """The last node of the vector has 4 edges; its first ones keep all of theirs."""
    topology = known['topology']
    ops = ('skip_connect', 'sep_conv_3x3')

    def accuracy(weights: Mapping[str, Tensor], equal: bool) -> float:
        left = [edge for edge in range(4) if weights['normal'][5 + edge].any()]
        return 50.0 if equal else topology['values'].get(','.join(map(str, left)), 0.0)

    for equal, expected in ((False, topology), (True, topology['all_equal'])):
        space = DARTSSpace(ops=ops, num_nodes=3)
        judge = Perturbation()
        judge.evaluate(Table(space, lambda w, e=equal: accuracy(w, e)), state_of(space))
        order = judge.facts['order']
        left = [edge - 5 for cell, edge, op in order if cell == 'normal' and op is None]
        assert [edge for edge in left if edge >= 0] == expected['deleted']
        genotype = discretize(space, judge.scores(state_of(space)))
        assert [source for _, source in genotype.cells['normal'].nodes[2]] == expected['kept']


def test_passes_and_steps_are_those_published(known: Any) -> None:
    passes, schedule = known['validation_passes'], known['schedule']['darts']
    nb201 = Table(NASBench201Space(), lambda _: 1.0)
    Perturbation().evaluate(nb201, state_of(nb201.space))
    assert nb201.forward_passes == passes['nb201']
    darts = Table(DARTSSpace(), lambda _: 1.0)
    judge = Perturbation(finetune_epochs=schedule['intv'])
    judge.evaluate(darts, state_of(darts.space))
    ops = len(darts.space.selectable_ops)
    assert darts.forward_passes == 2 * 14 * ops + passes['darts_topology']
    assert passes['darts_ops'] == 2 * 14 * 7 == 2 * 14 * ops
    steps = [step * schedule['intv'] for step in range(len(darts.tuned) + 1)]
    assert steps == schedule['projections_at']
    decided, epochs = darts.tuned[0]
    assert epochs == 5
    assert {name: sum(code >= 0 for code in codes) for name, codes in decided.items()} == {
        'normal': 1,
        'reduce': 1,
    }


@pytest.fixture
def searcher() -> Any:
    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    return BilevelSearcher({**net, 'engine': 'plain'}, init_std=0.5).train()


def plain_loss(searcher: Any, batches: Sequence[Batch], p_EO: Tensor) -> float:
    """Forwards of copies, so that the running statistics of the searcher stay."""
    with torch.no_grad():
        found = [
            F.cross_entropy(
                deepcopy(searcher.supernet)(b.images, {'cell': MixWeights(p_EO)}), b.labels
            )
            for b in batches
        ]
    return float(torch.stack(found).mean())


def plain_row(mode: str, row_O: Tensor, op: int) -> Tensor:
    if mode == 'selection':
        return F.one_hot(torch.tensor(op), len(row_O)).to(row_O)
    keep_O = 1.0 - F.one_hot(torch.tensor(op), len(row_O))
    return row_O * keep_O / (1 - row_O[op] if mode == 'renormalized' else 1)


@pytest.mark.parametrize('mode', ['removal', 'renormalized', 'selection'])
def test_scores_equal_a_loop_over_forwards(searcher: Any, mode: str) -> None:
    batches = [Batch(torch.randn(6, 3, 8, 8), torch.arange(6) % 3) for _ in range(2)]
    state, judge = searcher.arch_state(), Perturbation(mode=mode, measure='loss', seed=1)
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    rng = torch.get_rng_state()
    probe = SupernetProbe(searcher, batches)
    judge.evaluate(probe, state)
    assert probe.forward_passes == 2 * 3 * 5
    assert torch.equal(torch.get_rng_state(), rng)
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())
    p_EO, sign = state.op_weights['cell'].clone(), -1 if mode == 'selection' else 1
    order = [edge for _, edge, _ in judge.facts['order']]
    assert sorted(order) == [0, 1, 2]
    for edge in order:
        values = []
        for op in range(5):
            tried_EO = p_EO.clone()
            tried_EO[edge] = plain_row(mode, p_EO[edge], op)
            values.append(sign * plain_loss(searcher, batches, tried_EO))
        expected_O = torch.tensor(values) - max(values)
        torch.testing.assert_close(judge.scores(state)['cell'][edge], expected_O)
        p_EO[edge] = F.one_hot(expected_O.argmax(), 5)


def test_edges_that_left_are_below_all_that_stay() -> None:
    space = DARTSSpace()
    random = torch.Generator().manual_seed(3)
    table = Table(space, lambda _: torch.rand((), generator=random))
    judge = Perturbation()
    judge.evaluate(table, state_of(space))
    gone = {(cell, edge) for cell, edge, op in judge.facts['order'] if op is None}
    assert len(gone) == 2 * (14 - 8)
    genotype = discretize(space, judge.scores(state_of(space)))
    kept = {
        (name, spec.incoming(node)[source])
        for name, spec in space.cells.items()
        for node, edges in zip(spec.nodes, genotype.cells[name].nodes, strict=True)
        for _, source in edges
    }
    assert kept.isdisjoint(gone)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'mode': 'remove'}, "mode='remove'. Did you mean 'removal'"),
        ({'measure': 'accurcy'}, "Did you mean 'accuracy'"),
        ({'finetune_epochs': -1}, 'finetune_epochs=-1, expected an integer from 0'),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        build(CRITERIA, {'type': 'Perturbation', **options})
