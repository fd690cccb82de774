"""SGAS: published numbers, which edges are decided when, and what a checkpoint knows of it."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.sgas import certainty, importance, shares, stability
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import SGAS, Magnitude, Panel
from ostrdet.spaces import DARTSSpace, NASBench201Space
from ostrdet.structures import ArchState
from ostrdet.structures.decisions import REMOVED, UNDECIDED, decided
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')
CLOSE = {'rtol': 1e-13, 'atol': 1e-13}


@pytest.fixture(scope='module')
def known() -> Any:
    return vectors('sgas')


@pytest.fixture
def alphas_EO(known: Any) -> Tensor:
    return torch.tensor(known['alpha_none_first'])


@pytest.fixture
def none_EO(alphas_EO: Tensor) -> Tensor:
    found_EO = torch.zeros_like(alphas_EO, dtype=torch.bool)
    found_EO[:, 0] = True
    return found_EO


@pytest.fixture
def with_past(known: Any) -> Any:
    """Makes a criterion of a variant that remembers the shares of the vector."""

    def make(variant: int) -> SGAS:
        past_HEO = torch.nn.functional.pad(torch.tensor(known['history']), (1, 0))
        judge = SGAS(variant)
        judge.load_state_dict({**judge.state_dict(), 'past': {'cell': past_HEO}})
        return judge

    return make


def test_published_importance_certainty_and_stability(
    known: Any, alphas_EO: Tensor, none_EO: Tensor
) -> None:
    q_EO = shares(alphas_EO, none_EO)
    expected_EO = torch.nn.functional.pad(torch.tensor(known['probs']), (1, 0))
    torch.testing.assert_close(q_EO, expected_EO, **CLOSE)
    found_E = importance(alphas_EO, none_EO)
    torch.testing.assert_close(found_E, torch.tensor(known['importance']), **CLOSE)
    torch.testing.assert_close(certainty(q_EO), 1 - torch.tensor(known['entropy']), **CLOSE)
    history_HEO = torch.nn.functional.pad(torch.tensor(known['history']), (1, 0))
    found_E = stability(q_EO, history_HEO)
    torch.testing.assert_close(found_E, torch.tensor(known['stability']), **CLOSE)
    assert stability(q_EO, history_HEO[:0]).tolist() == [0.0] * 5


@pytest.mark.parametrize('variant', [1, 2])
def test_published_criteria(
    known: Any, alphas_EO: Tensor, none_EO: Tensor, with_past: Any, variant: int
) -> None:
    clear_E = with_past(variant).clearness('cell', alphas_EO, none_EO)
    torch.testing.assert_close(clear_E, torch.tensor(known[f'cri{variant}']), **CLOSE)
    assert clear_E.argmax() == known[f'cri{variant}_edge']
    best = shares(alphas_EO, none_EO)[known['cri1_edge']].argmax()  # 'none' counts
    assert best == known['op_of_cri1_edge']


def state_of(space: Any, seed: int = 0) -> ArchState:
    random = torch.Generator().manual_seed(seed)
    alphas = {
        name: torch.randn(len(spec.edges), len(space.ops), generator=random)
        for name, spec in space.cells.items()
    }
    p = {name: alpha_EO.softmax(-1) for name, alpha_EO in alphas.items()}
    return ArchState(alphas, p, dict.fromkeys(alphas))


def test_a_search_of_the_published_length_decides_all_edges_when_published(known: Any) -> None:
    space, judge, seen = DARTSSpace(), SGAS(), {}
    for epoch in range(1, known['epochs']):  # not after the last
        judge.decide(state_of(space, epoch), space, epoch)
        made = len(judge.facts.get('order', []))
        seen.setdefault(made, epoch - 1)  # published epochs count from 0
    assert sorted(seen) == list(range(0, 17, 2))
    assert [seen[2 * number] for number in range(1, 9)] == known['decision_epochs']
    for name, codes in judge.decisions.items():
        spec = space.cells[name]
        for node in spec.nodes:
            kept = [codes[edge] for edge in spec.incoming(node)]
            assert sum(code >= 0 for code in kept) == 2
            assert kept.count(REMOVED) == len(kept) - 2
        assert space.ops.index('none') not in codes


def test_the_clearest_open_edge_keeps_its_highest_alpha_and_a_full_node_is_left() -> None:
    space, judge = DARTSSpace(num_nodes=2), SGAS(first=1, interval=1)
    none = space.ops.index('none')
    skip, conv = (space.ops.index(op) for op in ('skip_connect', 'sep_conv_3x3'))
    state = state_of(space)
    for alphas_EO in state.alphas.values():
        alphas_EO.zero_()
        for rank, edge in enumerate((3, 1, 4, 0, 2)):  # the clearest first
            alphas_EO[edge, conv] = 5 - rank
            alphas_EO[edge, none] = -5.0 + rank
    state.alphas['reduce'][0, [skip, none]] = torch.tensor([7.0, 8.0])
    codes = []
    for epoch in range(1, 6):
        judge.decide(state, space, epoch)
        codes.append(list(judge.decisions['normal']))
    o, x = UNDECIDED, REMOVED
    assert codes[:3] == [[o, o, o, conv, o], [o, conv, o, conv, o], [o, conv, x, conv, conv]]
    assert codes[3:] == [[conv, conv, x, conv, conv]] * 2
    assert judge.decisions['reduce'][0] == skip  # although 'none' is higher


def test_a_restart_decides_as_a_search_without_one() -> None:
    space, straight, resumed = NASBench201Space(), SGAS(2, first=2, interval=2), SGAS(2, 2, 2)
    for epoch in range(1, 4):
        straight.decide(state_of(space, epoch), space, epoch)
    saved = straight.state_dict()
    resumed.load_state_dict(deepcopy(saved))
    kept = deepcopy(saved['decisions'])
    for epoch in range(4, 14):
        for judge in (straight, resumed):
            judge.decide(state_of(space, epoch), space, epoch)
    assert saved['decisions'] == kept
    assert straight.decisions == resumed.decisions
    assert UNDECIDED not in straight.decisions['cell']
    assert straight.facts == resumed.facts
    assert len(straight.facts['order']) == 6
    past = [judge.state_dict()['past']['cell'] for judge in (straight, resumed)]
    assert torch.equal(*past)
    assert past[0].shape == (4, 6, 5)


def test_every_criterion_keeps_what_is_decided() -> None:
    space = DARTSSpace()
    conv = space.ops.index('sep_conv_3x3')
    codes = [conv, conv, conv, REMOVED, conv] + [UNDECIDED] * 9
    plain = state_of(space)
    weights = {name: decided(p_EO, codes) for name, p_EO in plain.op_weights.items()}
    decisions = dict.fromkeys(space.cells, codes)
    state = ArchState(plain.alphas, weights, plain.edge_weights, decisions)
    panel = Panel({'type': 'Magnitude'}, ['SGAS'])
    signed = {name: -alpha_EO.abs() for name, alpha_EO in plain.alphas.items()}
    panel.criteria['Signed'] = type('Signed', (Magnitude,), {'scores': lambda *_: signed})()
    for name, scores in panel.scores(state, space).items():
        assert scores is not None
        cell = panel.select(name, scores, state, space).cells['normal']
        assert cell.nodes[0] == (('sep_conv_3x3', 0), ('sep_conv_3x3', 1))
        assert cell.nodes[1] == (('sep_conv_3x3', 0), ('sep_conv_3x3', 2))


def test_a_space_without_none_is_refused() -> None:
    space = DARTSSpace(ops=('skip_connect', 'sep_conv_3x3'))
    panel = Panel({'type': 'SGAS'}, [])
    with pytest.raises(InvalidValueError, match=r"space\.ops=.* expected 'none' among them"):
        panel.check_criteria(space, 1)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'variant': 3}, 'variant=3, expected 1 or 2'),
        ({'first': 0}, 'first=0, expected an integer from 1'),
        ({'interval': 2.5}, r'interval=2\.5, expected an integer from 1'),
        ({'history': True}, 'history=True, expected an integer from 1'),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        build(CRITERIA, {'type': 'SGAS', **options})
