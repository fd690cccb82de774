"""The mean over minibatches: what it sums, what it leaves out, and what its state holds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ostrdet.selection import MinibatchMean, OperationStrength
from ostrdet.structures import ArchStep

MakeStep = Callable[[int], ArchStep]


class RawGradient(MinibatchMean):
    """The gradient itself, so that a test's numbers go straight into the mean."""

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        return step.alpha_grads[cell_type]


def with_gradients(step: ArchStep, value: float, *cell_types: str) -> ArchStep:
    """The step with ``value`` as the first entry of the gradients of some cell types."""
    grads = {name: grad_EO.clone() for name, grad_EO in step.alpha_grads.items()}
    for name in cell_types:
        grads[name][0, 0] = value
    return replace(step, alpha_grads=grads)


def test_scores_are_the_mean_over_minibatches(make_step: MakeStep) -> None:
    steps = [make_step(seed) for seed in range(7)]
    criterion = RawGradient()
    for count, step in enumerate(steps, start=1):
        criterion.observe(step)
        scores = criterion.scores(step.state)
        assert scores is not None
        for name, score_EO in scores.items():
            seen = np.stack([s.alpha_grads[name].double().numpy() for s in steps[:count]])
            np.testing.assert_allclose(score_EO.numpy(), seen.mean(axis=0), rtol=1e-14, atol=1e-16)
    assert (criterion.observed, criterion.skipped) == (7, 0)


def test_sums_are_double_precision(make_step: MakeStep) -> None:
    criterion, step = RawGradient(), make_step(0)
    for value in (1e8, 1.0, 1.0, 1.0):
        criterion.observe(with_gradients(step, value, 'normal'))
    scores = criterion.scores(step.state)
    assert scores is not None
    assert scores['normal'][0, 0].item() == 25_000_000.75  # float32 would lose the ones


def test_the_absolute_value_is_taken_before_the_mean(make_step: MakeStep) -> None:
    criterion, step = OperationStrength(), make_step(0)
    weights_EO = torch.tensor([[0.25, 0.5, 0.25]] * 2)
    state = replace(step.state, op_weights={**step.state.op_weights, 'reduce': weights_EO})
    for value in (8.0, -8.0):
        slopes_EO = torch.tensor([[value, 0.0, -value]] * 2)
        grads = {**step.op_weight_grads, 'reduce': slopes_EO}
        criterion.observe(replace(step, state=state, op_weight_grads=grads))
    scores = criterion.scores(step.state)
    assert scores is not None
    assert scores['reduce'][0, 0].item() == 2.0


@pytest.mark.parametrize('bad', [float('nan'), float('inf'), float('-inf')])
@pytest.mark.parametrize('cell_type', ['normal', 'reduce'])
def test_a_minibatch_that_is_not_finite_is_left_out_of_every_cell_type(
    make_step: MakeStep, bad: float, cell_type: str
) -> None:
    clean, mixed = RawGradient(), RawGradient()
    for seed in range(4):
        clean.observe(make_step(seed))
        mixed.observe(make_step(seed))
        mixed.observe(with_gradients(make_step(9), bad, cell_type))
    assert (mixed.observed, mixed.skipped) == (4, 4)
    state = make_step(0).state
    expected, actual = clean.scores(state), mixed.scores(state)
    assert expected is not None
    assert actual is not None
    assert all(torch.equal(actual[name], expected[name]) for name in ('normal', 'reduce'))


def test_scores_are_none_while_every_minibatch_was_skipped(make_step: MakeStep) -> None:
    criterion, step = RawGradient(), make_step(0)
    criterion.observe(with_gradients(step, float('nan'), 'normal'))
    assert criterion.scores(step.state) is None
    assert (criterion.observed, criterion.skipped) == (0, 1)


def test_reset_forgets_sums_and_counters(make_step: MakeStep) -> None:
    criterion, step = RawGradient(), make_step(0)
    criterion.observe(make_step(1))
    criterion.observe(with_gradients(step, float('nan'), 'normal'))
    criterion.reset()
    assert criterion.scores(step.state) is None
    assert criterion.state_dict() == RawGradient().state_dict()
    criterion.observe(step)
    scores = criterion.scores(step.state)
    assert scores is not None
    assert torch.equal(scores['normal'], step.alpha_grads['normal'].double())


@pytest.mark.parametrize('window', [1, 2, 3, 9])
def test_the_mean_is_over_all_minibatches_of_the_last_epochs(
    make_step: MakeStep, window: int
) -> None:
    epochs = [[make_step(10 * epoch + n) for n in range(epoch + 1)] for epoch in range(5)]
    criterion = RawGradient()
    criterion.window = window
    for epoch in epochs:
        criterion.reset()
        for step in epoch:
            criterion.observe(step)
    scores = criterion.scores(make_step(0).state)
    assert scores is not None
    seen = [step.alpha_grads['normal'].double() for epoch in epochs[-window:] for step in epoch]
    torch.testing.assert_close(scores['normal'], torch.stack(seen).mean(dim=0), rtol=1e-13, atol=0)
    assert (criterion.observed, criterion.skipped) == (5, 0)


def test_the_window_survives_a_resume(make_step: MakeStep) -> None:
    straight, resumed = RawGradient(), RawGradient()
    straight.window = resumed.window = 3
    for seed in range(4):
        straight.reset()
        straight.observe(make_step(seed))
    resumed.load_state_dict(straight.state_dict())
    for criterion in (straight, resumed):
        criterion.reset()
        criterion.observe(make_step(9))
    state = make_step(0).state
    expected, actual = straight.scores(state), resumed.scores(state)
    assert expected is not None
    assert actual is not None
    assert torch.equal(actual['normal'], expected['normal'])
    assert len(resumed.state_dict()['past']) == 2


def test_a_state_without_a_window_can_be_loaded(make_step: MakeStep) -> None:
    criterion = RawGradient()
    criterion.observe(make_step(0))
    state = criterion.state_dict()
    del state['past']
    RawGradient().load_state_dict(state)


def test_an_epoch_without_a_minibatch_has_no_scores(make_step: MakeStep) -> None:
    criterion = RawGradient()
    criterion.window = 2
    criterion.observe(make_step(0))
    criterion.reset()
    assert criterion.scores(make_step(0).state) is None


def test_observing_leaves_gradients_and_earlier_state_dicts_alone(make_step: MakeStep) -> None:
    criterion, step = RawGradient(), make_step(0)
    step = replace(step, alpha_grads={k: v.double() for k, v in step.alpha_grads.items()})
    before = {name: grad_EO.clone() for name, grad_EO in step.alpha_grads.items()}
    criterion.observe(step)
    saved = criterion.state_dict()
    criterion.observe(step)
    for name, grad_EO in before.items():
        assert torch.equal(step.alpha_grads[name], grad_EO)
        assert torch.equal(saved['sums'][name], grad_EO)
    assert saved['observed'] == 1


def test_the_counters_survive_a_resume(make_step: MakeStep) -> None:
    criterion, resumed = RawGradient(), RawGradient()
    criterion.observe(make_step(0))
    criterion.observe(with_gradients(make_step(1), float('nan'), 'normal'))
    resumed.load_state_dict(criterion.state_dict())
    assert (resumed.observed, resumed.skipped) == (1, 1)


@pytest.mark.parametrize('state', [{}, {'sums': {}, 'observed': 0}, {'total': 1}])
def test_the_state_of_another_criterion_is_rejected(state: dict[str, object]) -> None:
    with pytest.raises(
        ValueError,
        match=r"RawGradient needs the keys \['counts', 'observed', 'past', 'skipped', 's",
    ):
        RawGradient().load_state_dict(state)


def on_device(step: ArchStep, device: str) -> ArchStep:
    grads = {name: grad_EO.to(device) for name, grad_EO in step.alpha_grads.items()}
    return replace(step, alpha_grads=grads)


def test_to_observe_reads_no_number(make_step: MakeStep) -> None:
    """Tensors of the device ``meta`` have none to read."""
    criterion = RawGradient()
    for seed in range(2):
        criterion.observe(on_device(make_step(seed), 'meta'))
    with pytest.raises((NotImplementedError, RuntimeError), match='meta'):
        criterion.state_dict()


def test_the_last_minibatch_alone_decides_whether_it_was_left_out(make_step: MakeStep) -> None:
    criterion = RawGradient()
    assert not criterion.has_skipped
    for value, skipped in ((1.0, False), (float('nan'), True), (1.0, False)):
        criterion.observe(with_gradients(make_step(0), value, 'normal'))
        assert criterion.has_skipped is skipped
    assert (criterion.observed, criterion.skipped) == (2, 1)
