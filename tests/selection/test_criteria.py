"""Every registered criterion: the contract, on the day it is registered."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from ostrdet.errors import InvalidValueError
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import Criterion, EvaluatingCriterion, SecondOrder, functional
from ostrdet.selection.panel import Panel
from ostrdet.selection.second_order import pair_curvature
from ostrdet.structures import ArchStep

MakeStep = Callable[[int], ArchStep]

CRITERIA.import_from_location()
#: Those that watch the search or look at its state; the others are asked for a probe.
NAMES = sorted(
    name for name, kind in CRITERIA.module_dict.items() if not issubclass(kind, EvaluatingCriterion)
)


def build_criterion(name: str) -> Criterion:
    criterion: Criterion = build(CRITERIA, {'type': name})
    return criterion


def through_a_file(state: object) -> dict[str, object]:
    """Written and read as a checkpoint is, by a reader that only knows tensors and plain data."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, object] = torch.load(file, weights_only=True)
    return loaded


def test_the_criteria_of_the_paper_are_registered() -> None:
    assert set(NAMES) >= {
        'AlphaSaliency',
        'Magnitude',
        'OperationStrength',
        'OperationStrengthStar',
        'PruningSaliency',
    }


@pytest.mark.parametrize('name', NAMES)
def test_scores_are_plain_numbers_for_every_candidate(name: str, make_step: MakeStep) -> None:
    criterion, step = build_criterion(name), make_step(0)
    for seed in range(3):
        criterion.observe(make_step(seed))
    scores = criterion.scores(step.state)
    assert scores is not None
    assert set(scores) == set(step.state.alphas)
    for cell_type, score_EO in scores.items():
        assert score_EO.shape == step.state.alphas[cell_type].shape
        assert score_EO.dtype == torch.float64
        assert score_EO.device.type == 'cpu'
        assert not score_EO.requires_grad
        assert bool(score_EO.isfinite().all())
        # Those of first order are absolute values, those of second order changes of the loss
        assert bool((score_EO >= 0).all()) != isinstance(criterion, SecondOrder)


@pytest.mark.parametrize('name', NAMES)
def test_scores_can_be_asked_twice(name: str, make_step: MakeStep) -> None:
    criterion, step = build_criterion(name), make_step(0)
    criterion.observe(step)
    first, second = criterion.scores(step.state), criterion.scores(step.state)
    assert first is not None
    assert second is not None
    for cell_type, score_EO in first.items():
        assert torch.equal(second[cell_type], score_EO)
        score_EO.zero_()
    third = criterion.scores(step.state)
    assert third is not None
    assert all(torch.equal(third[cell_type], second[cell_type]) for cell_type in second)


@pytest.mark.parametrize('name', NAMES)
def test_reset_starts_an_epoch_afresh(name: str, make_step: MakeStep) -> None:
    used, fresh = build_criterion(name), build_criterion(name)
    used.observe(make_step(1))
    used.reset()
    for criterion in (used, fresh):
        criterion.observe(make_step(2))
    state = make_step(2).state
    expected, actual = fresh.scores(state), used.scores(state)
    assert expected is not None
    assert actual is not None
    assert all(torch.equal(actual[cell_type], expected[cell_type]) for cell_type in expected)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('num_observed', [0, 2])
def test_a_resumed_criterion_continues_exactly(
    name: str, num_observed: int, make_step: MakeStep
) -> None:
    straight, resumed = build_criterion(name), build_criterion(name)
    for seed in range(num_observed):
        straight.observe(make_step(seed))
    resumed.load_state_dict(through_a_file(straight.state_dict()))
    for criterion in (straight, resumed):
        criterion.observe(make_step(5))
        criterion.observe(make_step(6))
    state = make_step(7).state
    expected, actual = straight.scores(state), resumed.scores(state)
    assert expected is not None
    assert actual is not None
    assert all(torch.equal(actual[cell_type], expected[cell_type]) for cell_type in expected)


@pytest.mark.parametrize('cell_type', ['normal', 'reduce'])
def test_each_criterion_reads_its_own_part_of_the_step(cell_type: str, make_step: MakeStep) -> None:
    step = make_step(3)
    alphas_EO, p_EO = step.state.alphas[cell_type], step.state.op_weights[cell_type]
    grad_EO, p_grad_EO = step.alpha_grads[cell_type], step.op_weight_grads[cell_type]
    expected = {
        'OperationStrength': functional.operation_strength(p_EO, p_grad_EO),
        'OperationStrengthStar': functional.operation_strength_star(p_EO, p_grad_EO),
        'PruningSaliency': functional.pruning_saliency(p_EO, p_grad_EO),
        'AlphaSaliency': functional.alpha_saliency(alphas_EO, grad_EO),
        'Magnitude': p_EO,
    }
    for name, score_EO in expected.items():
        criterion = build_criterion(name)
        criterion.observe(step)
        scores = criterion.scores(step.state)
        assert scores is not None
        assert torch.equal(scores[cell_type], score_EO.double()), name


def test_operation_strength_star_divides_by_the_weights_of_each_minibatch(
    make_step: MakeStep,
) -> None:
    criterion, steps = build_criterion('OperationStrengthStar'), [make_step(0), make_step(1)]
    for step in steps:
        criterion.observe(step)
    scores = criterion.scores(make_step(2).state)
    assert scores is not None
    parts = [(s.state.op_weights['normal'], s.op_weight_grads['normal']) for s in steps]
    ratios = [(g_EO - (p_EO * g_EO).sum(dim=1, keepdim=True)).abs() for p_EO, g_EO in parts]
    torch.testing.assert_close(scores['normal'], (ratios[0].double() + ratios[1]) / 2)


@pytest.mark.parametrize(
    ('name', 'estimate'), [('SecondOrderStrength', 'hutchinson'), ('GaussNewtonStrength', 'fisher')]
)
def test_second_order_adds_the_means_of_both_orders(
    name: str, estimate: str, make_step: MakeStep
) -> None:
    criterion, steps = build_criterion(name), [make_step(seed) for seed in range(3)]
    criterion.observe(replace(steps[0], pairs={}))
    assert criterion.scores(steps[0].state) is None
    for step in steps[1:]:
        criterion.observe(step)
    scores = criterion.scores(steps[0].state)
    assert scores is not None
    for cell, score_EO in scores.items():
        weights = [step.state.op_weights[cell] for step in steps]
        grads = [step.op_weight_grads[cell] for step in steps]
        pairs = [step.pairs[estimate][cell] for step in steps[1:]]
        first = torch.stack([*map(functional.first_order_change, weights, grads)]).double()
        second = torch.stack(
            [pair_curvature(p, *pair) for p, pair in zip(weights[1:], pairs, strict=True)]
        )
        torch.testing.assert_close(score_EO, -(first.mean(0) + second.double().mean(0) / 2))
    sizes = build(CRITERIA, {'type': name, 'absolute': True})
    sizes.load_state_dict(criterion.state_dict())
    for cell, size_EO in sizes.scores(steps[0].state).items():
        assert torch.equal(size_EO, scores[cell].abs())
    assert 'size' in sizes.meaning


@pytest.mark.parametrize('name', ['SecondOrderStrength', 'GaussNewtonStrength'])
def test_second_order_leaves_out_and_counts_what_is_not_finite(
    name: str, make_step: MakeStep
) -> None:
    criterion, step = build_criterion(name), make_step(0)
    criterion.observe(step)
    before = criterion.scores(step.state)
    broken = {cell: (pair[0], pair[1] * torch.nan) for cell, pair in step.pairs['fisher'].items()}
    criterion.observe(replace(step, pairs={'fisher': broken, 'hutchinson': broken}))
    assert criterion.skipped == 1
    after = criterion.scores(step.state)
    assert before is not None
    assert after is not None
    for cell, score_EO in before.items():
        torch.testing.assert_close(after[cell], score_EO)


@pytest.mark.parametrize('name', ['SecondOrderStrength', 'GaussNewtonStrength'])
def test_second_order_has_the_window_of_the_panel(name: str, make_step: MakeStep) -> None:
    panel, whole = Panel({'type': name}, (), window=2), build_criterion(name)
    for seed in range(2):
        panel.reset()
        for criterion in (panel.criteria[name], whole):
            criterion.observe(make_step(seed))
    state = make_step(0).state
    found, expected = panel.criteria[name].scores(state), whole.scores(state)
    assert found is not None
    assert expected is not None
    assert all(torch.equal(found[cell], expected[cell]) for cell in expected)


@pytest.mark.parametrize('interval', [0, 1.5, True])
def test_second_order_refuses_an_interval_that_is_none(interval: object) -> None:
    with pytest.raises(InvalidValueError, match=r'SecondOrderStrength: interval=.*integer from 1'):
        build(CRITERIA, {'type': 'SecondOrderStrength', 'interval': interval})


def test_second_order_refuses_the_state_of_another_criterion(make_step: MakeStep) -> None:
    strength = build_criterion('OperationStrength')
    strength.observe(make_step(0))
    with pytest.raises(InvalidValueError, match='saved by another criterion'):
        build_criterion('SecondOrderStrength').load_state_dict(strength.state_dict())


def test_magnitude_is_that_of_the_moment_it_is_asked(make_step: MakeStep) -> None:
    criterion = build_criterion('Magnitude')
    criterion.observe(make_step(0))
    state = make_step(1).state
    scores = criterion.scores(state)
    assert scores is not None
    assert torch.equal(scores['normal'], state.op_weights['normal'].double())
    assert criterion.state_dict() == {}


def test_magnitude_hands_out_a_copy(make_step: MakeStep) -> None:
    op_weights = {k: v.double() for k, v in make_step(0).state.op_weights.items()}
    state = replace(make_step(0).state, op_weights=op_weights)
    scores = build_criterion('Magnitude').scores(state)
    assert scores is not None
    scores['normal'].zero_()
    assert bool((state.op_weights['normal'] > 0).all())


#: Those that read alpha alone.
OF_ALPHA = {'Magnitude', 'SGAS'}


@pytest.mark.parametrize('name', sorted(set(NAMES) - OF_ALPHA))
def test_criteria_that_observe_have_no_scores_before(name: str, make_step: MakeStep) -> None:
    assert build_criterion(name).scores(make_step(0).state) is None
