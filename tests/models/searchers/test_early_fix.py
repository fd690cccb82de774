"""The early fix: which edges are decided, that they stay so, and that a checkpoint knows them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError
from ostrdet.models.searchers.early_fix import EarlyFix
from ostrdet.structures import CellSpec

SPEC = CellSpec(num_inputs=1, num_nodes=2, output=(2,))
#: Distances of the two highest probabilities: 0.5, 0.2, 0.
ALPHA = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.2, 0.3], [0.4, 0.4, 0.2]]).log()


def test_edges_are_decided_by_the_distance_of_their_two_best() -> None:
    for gap, expected in (
        (0.1, [True, True, False]),
        (0.3, [True, False, False]),
        (0.6, [False] * 3),
    ):
        fix = EarlyFix(gap, {'cell': SPEC})
        fix.decide({'cell': ALPHA}, 0)
        assert fix.fixed('cell').tolist() == expected


def test_a_decision_stays_and_is_taken_once_an_epoch() -> None:
    fix = EarlyFix(0.3, {'cell': SPEC})
    fix.decide({'cell': ALPHA}, 0)
    other = ALPHA.flip(0)
    fix.decide({'cell': other}, 0)  # as a run that resumes within the epoch
    assert fix.fixed('cell').tolist() == [True, False, False]
    fix.decide({'cell': other}, 1)
    assert fix.fixed('cell').tolist() == [True, False, True]


def test_decided_edges_draw_their_best_operation_alone() -> None:
    fix = EarlyFix(0.3, {'cell': SPEC})
    fix.decide({'cell': ALPHA}, 0)
    narrowed = fix.for_draws('cell', ALPHA)
    assert narrowed.softmax(-1)[0].tolist() == [1.0, 0.0, 0.0]
    assert torch.equal(narrowed[1:], ALPHA[1:])


def test_decided_edges_rest_and_the_others_move(step_of: Callable[..., Any]) -> None:
    before = step_of().arch_step.state.alphas['cell']
    distances = before.softmax(-1).topk(2).values.diff(dim=-1).neg().squeeze(-1)
    gap = distances.sort().values[1:].mean().item()  # between the largest two
    fixed = distances >= gap
    assert fixed.sum() == 1
    found = step_of(weighting={'type': 'CategoricalWeighting'}, early_fix=gap)
    assert torch.equal(found.early_fix.fixed('cell'), fixed)
    moved = (found.alphas['cell'] != before).any(dim=-1)
    assert not moved[fixed].any()
    assert moved[~fixed].any()
    drawn = found.arch_step.state.op_weights['cell'][fixed]
    assert torch.equal(drawn.argmax(-1), before[fixed].argmax(-1))


def test_weights_without_a_draw_do_not_know_it(step_of: Callable[..., Any]) -> None:
    found = step_of(weighting={'type': 'CategoricalWeighting'}, early_fix=0.2)
    assert torch.equal(found.mix()['cell'].op_weights, found.alphas['cell'].softmax(-1))


def test_a_gap_that_no_edge_reaches_changes_no_bit(step_of: Callable[..., Any]) -> None:
    weighting = {'type': 'CategoricalWeighting'}
    plain, idle = step_of(weighting=weighting), step_of(weighting=weighting, early_fix=1.0)
    assert torch.equal(plain.alphas['cell'], idle.alphas['cell'])
    for name, value in plain.supernet.state_dict().items():
        assert torch.equal(value, idle.supernet.state_dict()[name])


@pytest.mark.parametrize('gap', [0, -0.1, 1.5, True])
def test_a_gap_out_of_range_is_refused(gap: Any) -> None:
    with pytest.raises(InvalidValueError, match=r'model\.early_fix='):
        EarlyFix(gap, {'cell': SPEC})


def test_a_checkpoint_holds_the_decisions() -> None:
    fix, other = (EarlyFix(0.3, {'cell': SPEC}) for _ in range(2))
    fix.decide({'cell': ALPHA}, 4)
    other.load_state_dict(fix.state_dict())
    assert torch.equal(other.fixed('cell'), fix.fixed('cell'))
    assert other.epoch.item() == 4
