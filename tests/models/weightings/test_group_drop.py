"""Dropped candidates: published numbers, frequencies, and what a step leaves alone."""

from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.weightings import GroupDropWeighting, MixWeights
from ostrdet.spaces import NASBench201Space

pytestmark = pytest.mark.usefixtures('float64')

ALPHA = [[0.5, 0.1, -0.2, 0.3]]
MASK = [[True, False, True, True]]
OPS = ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3')


def weighting(**arguments: Any) -> GroupDropWeighting:
    found = GroupDropWeighting(**arguments)
    found.read_space(NASBench201Space(ops=OPS))
    return found


def kept(rate: float, shape: tuple[int, int] = (200_000, 4), **arguments: Any) -> Tensor:
    present_EO = torch.ones(shape, dtype=torch.bool)
    return weighting(rate=rate, **arguments).kept(present_EO, Generator().manual_seed(0))


def test_weights_and_the_correction_meet_the_published_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drop = weighting()
    monkeypatch.setattr(drop, 'kept', lambda *_: torch.tensor(MASK))
    mix = drop.draw(torch.tensor(ALPHA), Generator())
    expected_EO = torch.tensor([[0.4319064764540743, 0.0, 0.21447840881942376, 0.3536151147265019]])
    torch.testing.assert_close(mix.op_weights, expected_EO, rtol=1e-12, atol=0.0)
    assert mix.active is not None
    assert mix.active.tolist() == MASK
    before_EO = torch.tensor(ALPHA)
    after_EO = torch.tensor([[0.6, 0.1, -0.1, 0.2]])
    drop.settle(after_EO, before_EO, mix)
    expected_EO = torch.tensor(
        [[0.5662461602401536, 0.1, -0.13375383975984637, 0.16624616024015365]]
    )
    torch.testing.assert_close(after_EO, expected_EO, rtol=1e-12, atol=0.0)
    dropped = [p_EO.softmax(dim=-1)[0, 1] for p_EO in (before_EO, after_EO)]
    torch.testing.assert_close(*dropped, rtol=1e-12, atol=0.0)


def test_a_step_moves_no_dropped_alpha_and_shifts_no_whole_edge() -> None:
    active_EO = torch.tensor([[True, False, True, True], [True] * 4])
    before_EO, after_EO = torch.randn(2, 4), torch.randn(2, 4)
    found_EO = after_EO.clone()
    weighting().settle(found_EO, before_EO, MixWeights(after_EO, active=active_EO))
    assert found_EO[0, 1] == before_EO[0, 1]
    torch.testing.assert_close(
        found_EO.softmax(-1)[0, 1], before_EO.softmax(-1)[0, 1], rtol=1e-12, atol=0.0
    )
    shifts = (found_EO - after_EO)[0, [0, 2, 3]]
    torch.testing.assert_close(shifts, shifts[0].expand(3))
    assert torch.equal(found_EO[1], after_EO[1])


def test_candidates_drop_as_often_as_published() -> None:
    """r^(1/4) in a group of four."""
    groups = [['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3']]
    dropped_O = (~kept(3e-5, groups=groups)).double().mean(dim=0)
    torch.testing.assert_close(
        dropped_O, torch.full((4,), 0.07400828044922853), rtol=0.0, atol=2e-3
    )


def test_a_group_keeps_something_and_is_drawn_anew_by_itself() -> None:
    """With q = r^(1/2) both of a group drop with r; given that they do not, one does with q (1 - q) / (1 - r)."""
    kept_EO = kept(0.25)
    assert kept_EO[:, :2].any(dim=-1).all()
    assert kept_EO[:, 2:].any(dim=-1).all()
    dropped_O = (~kept_EO).double().mean(dim=0)
    torch.testing.assert_close(dropped_O, torch.full((4,), 1 / 3), rtol=0.0, atol=5e-3)
    both = (~kept_EO[:, 0] & ~kept_EO[:, 2]).double().mean()
    assert both == pytest.approx(1 / 9, abs=5e-3)  # groups are independent


def test_absent_candidates_are_never_kept_and_a_group_may_lack_all() -> None:
    present_EO = torch.tensor([[False, False, True, False], [True, False, True, True]])
    generator = Generator().manual_seed(0)
    for _ in range(50):
        kept_EO = weighting(rate=0.5).kept(present_EO, generator)
        assert not kept_EO[~present_EO].any()
        assert kept_EO[0].tolist() == [False, False, True, False]
        assert kept_EO[1, 0]
        assert kept_EO[1, 2:].any()


def test_a_draw_passes_over_absent_candidates() -> None:
    drop = GroupDropWeighting(rate=0.5)
    lists = {'cell': [['skip_connect', 'nor_conv_1x1'], ['none', 'nor_conv_1x1', 'nor_conv_3x3']]}
    space = NASBench201Space(ops=OPS, num_nodes=2, candidates={'cell': [*lists['cell'], [*OPS]]})
    drop.read_space(space)
    absent_EO = ~torch.tensor(space.presence('cell'))
    mix = drop.draw(torch.randn(3, 4).masked_fill(absent_EO, -torch.inf), Generator())
    assert (mix.op_weights[absent_EO] == 0).all()
    torch.testing.assert_close(mix.op_weights.sum(-1), torch.ones(3))
    assert mix.active is not None
    assert torch.equal(mix.op_weights > 0, mix.active)


def test_the_seed_alone_decides_and_a_rate_of_zero_drops_nothing() -> None:
    state = torch.get_rng_state()
    assert torch.equal(kept(0.3), kept(0.3))
    assert torch.equal(torch.get_rng_state(), state)
    assert kept(0.0).all()


def test_groups_may_be_named() -> None:
    assert weighting().groups == ((2, 3), (0, 1))
    named = weighting(groups=[['none'], ['skip_connect', 'nor_conv_3x3', 'nor_conv_1x1']])
    assert named.groups == ((0,), (1, 3, 2))
    with pytest.raises(
        UnknownNameError, match=r"groups: 'nor_conv' is no candidate\. Did you mean"
    ):
        weighting(groups=[['nor_conv']])
    for groups in ([['none']], [list(OPS), []], [list(OPS), ['none']]):
        with pytest.raises(
            InvalidValueError, match=r'expected every candidate in one group: none, '
        ):
            weighting(groups=groups)
    with pytest.raises(InvalidValueError, match=r'model\.weighting\.rate=1'):
        weighting(rate=1)
