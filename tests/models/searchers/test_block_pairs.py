"""Estimates of the Hessian in the weights of each edge, against exact ones of a small supernet."""

import itertools
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import Tensor

from ostrdet.kernels.curvature import central_difference, hessian_operator
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher, curvature
from ostrdet.models.searchers.mix import leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.selection.second_order import block_curvature, diagonal_blocks, second_order_change

pytestmark = pytest.mark.usefixtures('float64')

CLASSES, SAMPLES = 3, 3
LABELS = torch.arange(SAMPLES) % CLASSES


def make(engine: str) -> BilevelSearcher:
    """Of three nodes and one cell, in training mode; the same weights in both engines."""
    torch.manual_seed(0)
    space = {'type': 'NASBench201Space', 'num_nodes': 3}
    supernet = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1}
    supernet |= {'num_classes': CLASSES, 'engine': engine}
    made = BilevelSearcher(supernet, init_std=0.5, channels_last=False).train()
    made.draw_seed = 5
    return made


@pytest.fixture
def searcher() -> BilevelSearcher:
    """By the engine that can be differentiated twice."""
    return make('plain')


@pytest.fixture
def data() -> dict[str, Any]:
    """As a dataloader gives it."""
    samples = [DataSample().set_gt_label(int(label)) for label in LABELS]
    return {'inputs': torch.randn(SAMPLES, 3, 8, 8), 'data_samples': samples}


def exact_product(searcher: BilevelSearcher, batch: Batch, vectors: Tensor) -> Tensor:
    """The Hessian in all weights times a vector, or the columns of a matrix."""
    mix = leaves_of(searcher.mix(), requires_grad=True)
    loss = [lambda: searcher.mix_loss(batch, mix)]
    operator = hessian_operator(loss, [mix['cell'].op_weights])
    return torch.from_numpy(operator @ vectors.numpy())


def pairs_of(searcher: BilevelSearcher, data: Any, estimate: str) -> tuple[Tensor, Tensor]:
    batch = searcher.prepare(data)
    found = curvature.block_pairs(searcher, batch, [estimate], is_drawn=False)[estimate]
    pair: tuple[Tensor, Tensor] = found['cell']
    return pair


def test_a_central_difference_of_a_gradient_is_the_product_of_a_quadratic_loss() -> None:
    matrix, x, v = torch.randn(5, 5), torch.randn(5), torch.randn(5)
    found = central_difference(lambda at: [matrix @ at[0] + 1], [x], [v], 0.7)
    torch.testing.assert_close(found, [matrix @ v])
    found = central_difference(lambda at: [matrix @ at[0] + 1], [x], [0 * v], 0.7)
    assert torch.equal(found[0], torch.zeros(5))


def test_hutchinson_is_signs_and_their_product(
    searcher: BilevelSearcher, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a way on which no ReLU switches; over a longer one those that do count too."""
    monkeypatch.setattr(curvature, 'LENGTH', 1e-8)
    signs_EO, product_EO = pairs_of(searcher, data, 'hutchinson')
    assert signs_EO.abs().eq(1).all()
    assert signs_EO.unique().numel() == 2
    expected = exact_product(searcher, searcher.prepare(data), signs_EO.flatten())
    torch.testing.assert_close(product_EO.flatten(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('estimate', sorted(curvature.ESTIMATES))
def test_both_engines_have_the_same_estimates(data: Any, estimate: str) -> None:
    found = [pairs_of(make(engine), data, estimate) for engine in ('plain', 'fast')]
    for plain, fast in zip(*found, strict=True):
        torch.testing.assert_close(plain, fast, rtol=1e-6, atol=1e-8)


def test_fisher_is_the_gradient_under_labels_that_the_model_draws(
    searcher: BilevelSearcher, data: Any
) -> None:
    batch = searcher.prepare(data)
    mix = leaves_of(searcher.mix(), requires_grad=True)
    logits = searcher.mix_logits(batch, mix)
    every = list(itertools.product(range(CLASSES), repeat=SAMPLES))
    grads = [
        torch.autograd.grad(
            F.cross_entropy(logits, torch.tensor(labels)), mix['cell'].op_weights, retain_graph=True
        )[0]
        for labels in every
    ]
    drawn, number = torch.zeros(SAMPLES, CLASSES), 50
    for seed in range(number):
        searcher.draw_seed = seed
        grad_EO, scaled_EO = pairs_of(searcher, data, 'fisher')
        torch.testing.assert_close(scaled_EO, SAMPLES * grad_EO)
        (labels,) = (
            labels
            for labels, expected in zip(every, grads, strict=True)
            if torch.allclose(grad_EO, expected, rtol=1e-8, atol=1e-10)
        )
        drawn[range(SAMPLES), labels] += 1
    torch.testing.assert_close(drawn / number, logits.softmax(dim=-1).detach(), atol=0.2, rtol=0)


@pytest.mark.parametrize('estimate', sorted(curvature.ESTIMATES))
def test_an_estimate_leaves_the_search_as_it_is(
    searcher: BilevelSearcher, data: Any, estimate: str
) -> None:
    searcher.autocast = 'bfloat16'
    state = {name: value.clone() for name, value in searcher.state_dict().items()}
    generator = torch.get_rng_state()
    first, second = (pairs_of(searcher, data, estimate) for _ in range(2))
    assert all(map(torch.equal, first, second))
    assert torch.equal(torch.get_rng_state(), generator)
    assert searcher.autocast == 'bfloat16'
    assert all(torch.equal(value, state[name]) for name, value in searcher.state_dict().items())
    assert all(weight.requires_grad for weight in searcher.parameters())
    searcher.draw_seed += 1
    assert not torch.equal(pairs_of(searcher, data, estimate)[0], first[0])


def test_a_drawn_mix_is_that_of_the_architecture_step(
    searcher: BilevelSearcher, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []

    def look(model: Any, batch: Batch, mix: Any, generator: Any) -> dict[str, Any]:
        seen.append(mix['cell'].op_weights)
        return {}

    def draw(alphas_EO: Tensor, generator: torch.Generator) -> MixWeights:
        return MixWeights(torch.rand(alphas_EO.shape, generator=generator).softmax(dim=-1))

    monkeypatch.setattr(curvature, 'ESTIMATES', {'look': look})
    monkeypatch.setattr(searcher.weighting, 'draw', draw)
    for is_drawn in (True, False):
        curvature.block_pairs(searcher, searcher.prepare(data), ['look'], is_drawn)
    drawn = searcher.mix(torch.Generator().manual_seed(5))['cell'].op_weights
    assert torch.equal(seen[0], drawn)
    assert torch.equal(seen[1], searcher.mix()['cell'].op_weights.detach())


def test_blocks_of_a_supernet_are_the_second_derivatives_on_the_way(
    searcher: BilevelSearcher, data: Any
) -> None:
    """phi' and phi'' against differences of the loss on the way to each operation of an edge."""
    batch, mix = searcher.prepare(data), leaves_of(searcher.mix(), requires_grad=True)
    p_EO = mix['cell'].op_weights
    (grad_EO,) = torch.autograd.grad(searcher.mix_loss(batch, mix), p_EO)
    hessian = exact_product(searcher, batch, torch.eye(p_EO.numel()))
    (blocks_EOO,) = diagonal_blocks(hessian, [tuple(p_EO.shape)])
    p_EO = p_EO.detach()
    curvature_EO = block_curvature(p_EO, blocks_EOO)
    second_EO = second_order_change(p_EO, grad_EO, curvature_EO)

    def loss(edge: int, op: int, way: float) -> float:
        moved_EO = p_EO.clone()
        moved_EO[edge] += way * (torch.eye(p_EO.shape[1])[op] - p_EO[edge])
        with torch.no_grad():
            return searcher.mix_loss(batch, {'cell': MixWeights(moved_EO)}).item()

    way = 1e-6
    for edge, op in itertools.product(*map(range, p_EO.shape)):
        before, ahead, behind = (loss(edge, op, sign * way) for sign in (0, 1, -1))
        first = (ahead - behind) / (2 * way)
        second = (ahead - 2 * before + behind) / way**2
        assert curvature_EO[edge, op].item() == pytest.approx(second, rel=0.02, abs=0.02)
        assert second_EO[edge, op].item() == pytest.approx(first + second / 2, rel=0.02, abs=0.02)


def estimates_of_process(rank: int, folder: Path, data: list[Any]) -> None:
    """The child: estimates on a batch of its own."""
    torch.set_default_dtype(torch.float64)
    store = f'file://{folder}/store'
    torch.distributed.init_process_group('gloo', init_method=store, rank=rank, world_size=2)
    searcher = make('plain')
    found = {name: pairs_of(searcher, data[rank], name) for name in curvature.ESTIMATES}
    torch.save(found, folder / str(rank))
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
def test_two_processes_have_one_estimate(data: Any, tmp_path: Path) -> None:
    data = [data, {**data, 'inputs': torch.randn(SAMPLES, 3, 8, 8)}]
    context = multiprocessing.get_context('fork')
    children = [
        context.Process(target=estimates_of_process, args=(rank, tmp_path, data)) for rank in (0, 1)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    both = [torch.load(tmp_path / str(rank), weights_only=True) for rank in (0, 1)]
    for name in curvature.ESTIMATES:
        assert all(map(torch.equal, both[0][name], both[1][name]))
    alone = [pairs_of(make('plain'), each, 'hutchinson') for each in data]
    signs_EO, product_EO = both[0]['hutchinson']
    assert torch.equal(signs_EO, alone[0][0])
    torch.testing.assert_close(product_EO, (alone[0][1] + alone[1][1]) / 2)
    grad_EO, scaled_EO = both[0]['fisher']
    torch.testing.assert_close(scaled_EO, 2 * SAMPLES * grad_EO)
