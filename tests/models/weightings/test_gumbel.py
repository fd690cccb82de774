"""Gumbel weights: published numbers, their distribution, and the steps that they lead to."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from ostrdet.errors import InvalidTypeError, InvalidValueError
from ostrdet.models.weightings import GumbelWeighting, gumbel
from ostrdet.structures import CellSpec

pytestmark = pytest.mark.usefixtures('float64')

SPEC = CellSpec(num_inputs=1, num_nodes=1, output=(1,))
FEATURES_OD = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]]
TARGET_D = [0.2, 0.1]


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Makes every draw the given one."""

    def fix(values: Any) -> None:
        monkeypatch.setattr(gumbel, 'gumbel', lambda *_: torch.tensor(values))

    return fix


def draw(weighting: GumbelWeighting, alphas_EO: Tensor, seed: int = 0) -> Any:
    return weighting(alphas_EO, None, SPEC, Generator().manual_seed(seed))


def test_a_hard_draw_meets_the_numbers_of_gdas(noise: Callable[[Any], None]) -> None:
    noise([[0.1, 0.9, -0.4]])
    alphas_EO = torch.tensor([[0.3, -0.2, 0.1]], requires_grad=True)
    mix = draw(GumbelWeighting(tau=2.0, hard=True), alphas_EO)
    assert mix.op_weights.tolist() == [[0.0, 1.0, 0.0]]
    assert mix.active.tolist() == [[False, True, False]]
    chosen_D = mix.op_weights[0, 1] * torch.tensor(FEATURES_OD[1])  # the only one that is computed
    loss = (chosen_D - torch.tensor(TARGET_D)).square().sum() / 2
    assert loss.item() == pytest.approx(0.65, abs=1e-12)
    (grad_EO,) = torch.autograd.grad(loss, alphas_EO)
    expected_EO = torch.tensor([[-0.08837176528364606, 0.1506462957464491, -0.062274530462803054]])
    torch.testing.assert_close(grad_EO, expected_EO, rtol=1e-12, atol=0.0)


def test_a_soft_draw_meets_the_numbers_of_snas(noise: Callable[[Any], None]) -> None:
    noise((-(-torch.tensor([[0.3, 0.8, 0.5]]).log()).log()).tolist())
    alphas_EO = torch.tensor([[1.0, 1.02, 0.97]], requires_grad=True)
    mix = draw(GumbelWeighting(tau=0.5), alphas_EO)
    expected_EO = torch.tensor([[0.02929036536750426, 0.8874854493740525, 0.08322418525844333]])
    torch.testing.assert_close(mix.op_weights, expected_EO, rtol=1e-12, atol=0.0)
    assert mix.active is None
    upstream_EO = torch.tensor([[1.0, -2.0, 0.5]])
    (grad_EO,) = torch.autograd.grad((mix.op_weights * upstream_EO).sum(), alphas_EO)
    expected_EO = torch.tensor([[0.15840630521669086, -0.5252699056874527, 0.36686360047076216]])
    torch.testing.assert_close(grad_EO, expected_EO, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize(
    ('schedule', 'epochs', 'expected'),
    [
        ('LinearToLast', 250, {0: (10.0, 0.1, 10.0), 124: (10.0, 0.1, 5.069879518072288)}),
        (
            'Linear',
            150,
            {1: (1.0, 0.03, 0.9935333333333333), 149: (1.0, 0.03, 0.03646666666666671)},
        ),
    ],
)
def test_the_temperature_follows_the_epoch(
    schedule: str, epochs: int, expected: dict[int, tuple[float, ...]]
) -> None:
    for epoch, (start, end, value) in expected.items():
        weighting = GumbelWeighting(tau={'type': schedule, 'start': start, 'end': end})
        assert weighting.tau == start
        weighting.set_progress(epoch, epochs)
        assert weighting.tau == pytest.approx(value, rel=1e-14)
        assert weighting.progress == {'tau': weighting.tau}


def test_hard_draws_follow_the_softmax() -> None:
    """The largest of alpha + G is drawn with the probability softmax(alpha) (Gumbel-max)."""
    alphas_EO = torch.tensor([[0.5, -0.5, 1.0, 0.0]]).repeat(200_000, 1)
    for tau in (0.1, 10.0):
        drawn_O = draw(GumbelWeighting(tau, hard=True), alphas_EO).op_weights.mean(dim=0)
        torch.testing.assert_close(drawn_O, alphas_EO[0].softmax(-1), rtol=0.0, atol=4e-3)


def test_noise_has_the_moments_of_a_standard_gumbel() -> None:
    noise_N = gumbel.gumbel(torch.empty(400_000), Generator().manual_seed(0))
    assert noise_N.mean().item() == pytest.approx(0.5772156649, abs=0.01)
    assert noise_N.var().item() == pytest.approx(torch.pi**2 / 6, abs=0.02)


def test_noise_is_finite_where_the_draw_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, 'rand', lambda shape, **_: torch.zeros(shape))
    assert gumbel.gumbel(torch.empty(3), Generator()).isfinite().all()


@pytest.mark.parametrize('hard', [False, True])
def test_absent_candidates_have_no_weight_and_no_gradient(hard: bool) -> None:
    alphas_EO = torch.randn(500, 4).requires_grad_()
    absent_EO = torch.zeros(500, 4, dtype=torch.bool)
    absent_EO[:, 2] = True
    mix = draw(GumbelWeighting(0.5, hard), alphas_EO.masked_fill(absent_EO, -torch.inf))
    assert (mix.op_weights[absent_EO] == 0).all()
    (grad_EO,) = torch.autograd.grad((mix.op_weights * torch.randn(500, 4)).sum(), alphas_EO)
    assert grad_EO.isfinite().all()
    assert (grad_EO[absent_EO] == 0).all()


@pytest.mark.parametrize('hard', [False, True])
def test_the_two_passes_of_a_step_draw_apart(
    hard: bool, step_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, plain = [], GumbelWeighting.draw
    monkeypatch.setattr(
        GumbelWeighting, 'draw', lambda *args: drawn.append(plain(*args)) or drawn[-1]
    )
    searcher = step_of(weighting={'type': 'GumbelWeighting', 'hard': hard})
    arch, weights = (mix.op_weights.detach() for mix in drawn)
    assert not torch.equal(arch, weights)
    assert torch.equal(searcher.arch_step.state.op_weights['cell'], arch)
    assert torch.equal(searcher.arch_state().op_weights['cell'], searcher.alpha_cell.softmax(-1))


def test_what_is_not_drawn_is_not_computed(step_of: Callable[..., Any]) -> None:
    searcher = step_of(weighting={'type': 'GumbelWeighting', 'hard': True})
    calls: list[Any] = []
    for engine in ('plain', 'fast'):
        net = type(searcher.supernet)(
            searcher.space, channels=4, num_cells=1, num_classes=3, engine=engine
        )
        for cell in net.skeleton.layers:
            for edge in getattr(cell, 'edges', ()):
                for op in edge.candidates:
                    op.register_forward_hook(lambda *_, op=op: calls.append(op))
        mix = searcher.mix(Generator().manual_seed(3))
        net(torch.randn(2, 3, 8, 8), mix)
        edges = sum(len(getattr(cell, 'edges', ())) for cell in net.skeleton.layers)
        unseen = 0 if engine == 'plain' else 3 * int(mix['cell'].active[:, 0].sum())  # of Zero
        assert len(calls) == edges - unseen
        calls.clear()


@pytest.mark.parametrize('update', ['FirstOrderUpdate', 'UnrolledUpdate'])
def test_a_draw_of_none_alone_moves_alpha_by_nothing(
    update: str, step_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    none_EO = torch.zeros(3, 5)
    none_EO[:, 0] = 1000.0
    monkeypatch.setattr(gumbel, 'gumbel', lambda *_: none_EO)
    hard = {'type': 'GumbelWeighting', 'hard': True}
    searcher = step_of(weighting=hard, arch_update={'type': update})
    assert searcher.arch_step.state.op_weights['cell'][:, 0].tolist() == [1.0] * 3
    assert (searcher.arch_step.op_weight_grads['cell'] == 0).all()
    assert (searcher.arch_step.alpha_grads['cell'] == 0).all()


def test_a_probe_is_the_step_of_softmax_and_moves_nothing(step_of: Callable[..., Any]) -> None:
    from mmengine.optim import OptimWrapper, OptimWrapperDict
    from mmpretrain.structures import DataSample

    searcher = step_of(weighting={'type': 'GumbelWeighting', 'hard': True})
    sgd = torch.optim.SGD(searcher.supernet.parameters(), lr=0.1)
    labels = [DataSample().set_gt_label(index % 3) for index in range(6)]
    data = {'inputs': torch.randn(6, 3, 8, 8), 'data_samples': labels}
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    state = torch.get_rng_state()
    step = searcher.probe_step(data, OptimWrapperDict(weights=OptimWrapper(sgd)))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())
    loss = searcher.mix_loss(searcher.prepare(data), searcher.mix())
    (expected_EO,) = torch.autograd.grad(loss, searcher.alpha_cell)
    torch.testing.assert_close(step.alpha_grads['cell'], expected_EO, rtol=1e-10, atol=1e-14)
    p_EO, g_EO = step.state.op_weights['cell'], step.op_weight_grads['cell']
    assert torch.equal(p_EO, searcher.alpha_cell.softmax(-1))
    assert (g_EO[:, 1:] != 0).all()  # also of the candidates that a draw leaves out


@pytest.mark.parametrize(
    ('tau', 'error'),
    [
        (0, InvalidValueError),
        ({'type': 'Linear', 'start': 1, 'end': 0}, InvalidValueError),
        ('hot', InvalidTypeError),
    ],
)
def test_a_temperature_of_zero_is_refused(tau: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r'model\.weighting\.tau'):
        GumbelWeighting(tau)


def test_a_perturbation_of_a_hard_draw_is_refused(step_of: Callable[..., Any]) -> None:
    with pytest.raises(InvalidValueError, match=r'RandomSmoothing .* GumbelWeighting computes one'):
        step_of(
            weighting={'type': 'GumbelWeighting', 'hard': True},
            perturbation={'type': 'RandomSmoothing', 'epsilon': 0.1},
        )
