"""Shapley-NAS: published numbers, exact values from all orders, and a plain loop over forwards."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.shapley import marginals, mean_less_deviation, standardized
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher, SupernetProbe
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import Shapley
from ostrdet.selection.shapley import players_of
from ostrdet.spaces import DARTSSpace, NASBench201Space
from ostrdet.structures import ArchState
from ostrdet.structures.probe import Measured, Probe
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')


@pytest.fixture(scope='module')
def known() -> Any:
    return vectors('shapley')


@pytest.fixture(scope='module')
def space() -> Any:
    ops = ('skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3')
    return NASBench201Space(ops=ops, num_nodes=1)


class Game(Probe):
    """A network whose accuracy is a table of the players that are left, as bits."""

    num_batches, num_classes = 1, 10

    def __init__(self, space: Any, values: Sequence[float]) -> None:
        self.space, self.values, self.forward_passes = space, values, 0

    def measure(
        self,
        op_weights: Mapping[str, Tensor],
        batches: Sequence[int] | None = None,
        statistics: str = 'batch',
    ) -> Measured:
        self.forward_passes += 1
        left = (op_weights['cell'][0] != 0).tolist()
        value = torch.tensor(
            [float(self.values[sum(is_left << i for i, is_left in enumerate(left))])]
        )
        return Measured(-value, value)

    def finetune(self, decisions: Any, epochs: int) -> dict[str, Tensor]:
        raise NotImplementedError


def played(known: Any, order: Sequence[int], floor: float) -> Tensor:
    """The marginals of one order in the table of the vector."""
    left = 15

    def leave(player: int) -> float:
        nonlocal left
        left &= ~(1 << player)
        return float(known['value_by_bitmask'][left])

    return marginals(float(known['value_by_bitmask'][15]), leave, order, floor)


def test_the_mean_over_all_orders_is_the_exact_value(known: Any) -> None:
    draws = [played(known, order, -torch.inf) for order in permutations(range(4))]
    torch.testing.assert_close(torch.stack(draws).mean(dim=0), torch.tensor(known['exact']))
    total = known['value_by_bitmask'][15] - known['value_by_bitmask'][0]
    assert [draw.sum().item() for draw in draws] == [total] * 24


def test_published_draws_scores_and_standard_scores(known: Any) -> None:
    floor = known['truncation'] * known['value_by_bitmask'][15]
    draws_SP = torch.stack([played(known, order, floor) for order in known['permutations']])
    assert (~draws_SP.isnan()).sum(dim=1).tolist() == known['evaluated']
    assert draws_SP.nan_to_num(0.0).T.tolist() == known['marginals']
    score_P = mean_less_deviation(draws_SP, 'zero')
    expected_P = torch.tensor(known['score_mean_minus_std_ddof0'])
    torch.testing.assert_close(score_P, expected_P, rtol=1e-13, atol=1e-13)
    z_P = torch.tensor(known['z_ddof1'])
    torch.testing.assert_close(standardized(score_P), z_P, rtol=1e-13, atol=1e-13)


def test_marginals_that_were_not_drawn_are_left_out() -> None:
    nan = torch.nan
    draws_SP = torch.tensor([[3.0, nan, nan], [1.0, 2.0, nan]])
    assert mean_less_deviation(draws_SP).tolist()[:2] == [1.0, 2.0]
    assert mean_less_deviation(draws_SP).isnan().tolist() == [False, False, True]
    assert mean_less_deviation(draws_SP, 'zero').tolist() == [1.0, 0.0, 0.0]
    half = 0.5**0.5
    z_P = standardized(torch.tensor([1.0, 2.0, nan]))
    torch.testing.assert_close(z_P, torch.tensor([-half, half, 0.0]))
    assert standardized(torch.tensor([nan, 4.0])).tolist() == [0.0, 0.0]
    assert standardized(torch.tensor([4.0, 4.0])).tolist() == [0.0, 0.0]


def test_alpha_moves_as_published(known: Any, space: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published orders instead of drawn ones; from the published sums and alpha."""
    orders = iter(map(torch.tensor, known['permutations']))
    monkeypatch.setattr(torch, 'randperm', lambda *_, **__: next(orders))
    judge = Shapley(samples=3, unvisited='zero')
    before = {'accumulated': 'accum0', 'alphas': 'alpha0'}
    tables = {key: {'cell': torch.tensor([known[name]])} for key, name in before.items()}
    judge.load_state_dict({**judge.state_dict(), **tables})
    assert judge.alpha_step() is None  # before an evaluation
    game, state = Game(space, known['value_by_bitmask']), state_of(space)
    judge.evaluate(game, state)
    assert game.forward_passes == 3 + sum(known['evaluated'])
    assert judge.facts == {'players': 4, 'removed': known['evaluated'], 'never_removed': 0}
    found, alpha1_O = judge.state_dict(), torch.tensor(known['alpha1'])
    close = {'rtol': 1e-13, 'atol': 1e-15}
    accum1_O = torch.tensor(known['accum1'])
    torch.testing.assert_close(found['accumulated']['cell'][0], accum1_O, **close)
    torch.testing.assert_close(found['alphas']['cell'][0], alpha1_O, **close)
    step_O = judge.alpha_step()['cell'][0]
    torch.testing.assert_close(step_O + torch.tensor(known['alpha0']), alpha1_O, **close)
    torch.testing.assert_close(judge.scores(state)['cell'][0], alpha1_O.softmax(-1), **close)


def test_sums_outlive_an_epoch_and_a_restart_draws_on(known: Any, space: Any) -> None:
    game, state = Game(space, known['value_by_bitmask']), state_of(space)
    straight, resumed = Shapley(samples=2, seed=3), Shapley(samples=2, seed=5)
    straight.evaluate(game, state)
    first = straight.state_dict()
    kept = deepcopy(first)
    resumed.load_state_dict(deepcopy(first))
    for judge in (straight, resumed):
        judge.reset()
        assert judge.scores(state) is None
        judge.evaluate(game, state)
    assert torch.equal(*(judge.scores(state)['cell'] for judge in (straight, resumed)))
    assert torch.equal(first['accumulated']['cell'], kept['accumulated']['cell'])
    fresh = Shapley(samples=2, seed=3)
    fresh.evaluate(game, state)
    assert not torch.equal(fresh.scores(state)['cell'], straight.scores(state)['cell'])
    ends = [judge.state_dict() for judge in (straight, resumed)]
    for key in ('accumulated', 'alphas'):
        assert torch.equal(*(end[key]['cell'] for end in ends))
    assert torch.equal(*(end['generator'] for end in ends))


def test_players_are_what_can_be_selected_and_has_weight() -> None:
    space = DARTSSpace()
    weights = state_of(space).op_weights
    players = players_of(space, weights)
    assert len(players) == 2 * 14 * 7
    assert space.ops.index('none') not in {player.op for player in players}
    weights['normal'][0] = 0
    assert len(players_of(space, weights)) == 2 * 14 * 7 - 7


def test_an_edge_without_players_has_no_scores(known: Any) -> None:
    space = NASBench201Space(ops=('skip_connect', 'nor_conv_1x1'), num_nodes=2)
    state, judge = state_of(space), Shapley(samples=1, threshold=0)
    state.op_weights['cell'][1] = 0
    judge.evaluate(Game(space, known['value_by_bitmask']), state)
    scores_EO = judge.scores(state)['cell']
    assert scores_EO[1].tolist() == [0.0, 0.0]
    torch.testing.assert_close(scores_EO.sum(-1), torch.tensor([1.0, 0.0, 1.0]))


def test_a_loss_is_cut_off_as_an_accuracy_is(space: Any) -> None:
    """A loss of 2 that grows by 1 with every player that leaves: beyond 4 is the third."""
    game = Game(space, [])
    left: Any = lambda w: (w['cell'] != 0).sum()  # noqa: E731
    game.measure = lambda w, *_: Measured(6 - left(w)[None], left(w)[None])  # type: ignore[method-assign]
    judge = Shapley(samples=2, measure='loss')
    judge.evaluate(game, state_of(space))
    assert judge.facts['removed'] == [3, 3]
    judge = Shapley(samples=2, measure='loss', threshold=0)
    judge.evaluate(game, state_of(space))
    assert judge.facts['removed'] == [4, 4]


def test_marginals_equal_a_loop_over_forwards_with_the_weights_as_they_are() -> None:
    torch.manual_seed(0)
    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    searcher = BilevelSearcher({**net, 'engine': 'plain'}, init_std=0.5).train()
    batches = [Batch(torch.randn(6, 3, 8, 8), torch.arange(6) % 3) for _ in range(2)]
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    random, state = torch.get_rng_state(), searcher.arch_state()
    judge = Shapley(samples=3, measure='loss', threshold=0, momentum=0, step=1, seed=4)
    probe = SupernetProbe(searcher, batches)
    judge.evaluate(probe, state)
    assert probe.forward_passes == 3 * (1 + 15)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())
    generator, draws_SP = torch.Generator().manual_seed(4), torch.zeros(3, 15)
    for sample in range(3):
        p_EO, losses = state.op_weights['cell'].clone(), []
        order = torch.randperm(15, generator=generator)
        for player in [None, *order.tolist()]:
            if player is not None:
                p_EO.view(-1)[player] = 0
            batch, copy = batches[sample % 2], deepcopy(searcher.supernet)
            logits = copy(batch.images, {'cell': MixWeights(p_EO)})
            losses.append(F.cross_entropy(logits, batch.labels).item())
        draws_SP[sample, order] = torch.tensor(losses).diff()
    value_P = draws_SP.mean(0) - draws_SP.std(0, correction=0)
    z_EO = ((value_P - value_P.mean()) / value_P.std()).reshape(3, 5)
    torch.testing.assert_close(judge.scores(state)['cell'], z_EO.softmax(-1))


def state_of(space: Any) -> ArchState:
    alphas = {n: torch.zeros(len(s.edges), len(space.ops)) for n, s in space.cells.items()}
    weights = {name: alpha.softmax(-1) for name, alpha in alphas.items()}
    return ArchState(alphas, weights, dict.fromkeys(alphas))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'samples': 0}, 'samples=0, expected an integer from 1'),
        ({'threshold': 1.5}, r'threshold=1\.5, expected a number from 0 to 1'),
        ({'momentum': -0.1}, r'momentum=-0\.1, expected a number from 0 to 1'),
        ({'step': '0.1'}, "step='0.1', expected a number from 0"),
        ({'measure': 'accurcy'}, "Did you mean 'accuracy'"),
        ({'unvisited': 'zeros'}, "Did you mean 'zero'"),
        ({'first': 0}, 'first=0, expected an integer from 1'),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        build(CRITERIA, {'type': 'Shapley', **options})
