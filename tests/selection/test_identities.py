"""What the scores mean, on real supernets in double precision.

The scores are functions of two gradients. Here they are held against the features of the network
itself: o is what a candidate puts out, f what its edge mixes, n runs over the cells that share
alpha.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.supernets import Supernet
from ostrdet.models.weightings import MixWeights, normalize_edges
from ostrdet.selection import Criterion, OperationStrength, PruningSaliency, discretize, functional
from ostrdet.spaces import DARTSSpace, NASBench201Space, SearchSpace
from ostrdet.structures import ArchState, ArchStep, CellPlan

NUM_CLASSES = 3


class Problem:
    """A small supernet with random alpha, and the loss of one minibatch."""

    def __init__(
        self,
        space: SearchSpace,
        num_cells: int,
        edge_norm: bool = False,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self.space = space
        self.net = Supernet(space, channels=4, num_cells=num_cells, num_classes=NUM_CLASSES)
        self.net.to(dtype)
        self.images = torch.randn(6, 3, 8, 8, dtype=dtype)
        self.labels = torch.arange(6) % NUM_CLASSES
        self.alphas: dict[str, Tensor] = {}
        self.edge_weights: dict[str, Tensor | None] = {}
        for name, spec in space.cells.items():
            alphas_EO = torch.randn(len(spec.edges), len(space.ops), dtype=dtype)
            self.alphas[name] = alphas_EO.requires_grad_()
            betas_E = torch.randn(len(spec.edges), dtype=dtype)
            self.edge_weights[name] = normalize_edges(betas_E, spec) if edge_norm else None

    def mix(self) -> dict[str, MixWeights]:
        return {
            name: MixWeights(alphas_EO.softmax(dim=-1), self.edge_weights[name])
            for name, alphas_EO in self.alphas.items()
        }

    def loss(self, mix: Mapping[str, MixWeights]) -> Tensor:
        return F.cross_entropy(self.net(self.images, mix), self.labels)

    def step(self) -> ArchStep:
        """What the criteria see of this minibatch."""
        mix = self.mix()
        op_weights = {name: weights.op_weights for name, weights in mix.items()}
        grads = torch.autograd.grad(
            self.loss(mix), [*self.alphas.values(), *op_weights.values()]
        )
        count = len(op_weights)
        return ArchStep(
            ArchState(
                {name: alphas_EO.detach() for name, alphas_EO in self.alphas.items()},
                {name: weights_EO.detach() for name, weights_EO in op_weights.items()},
                self.edge_weights,
            ),
            alpha_grads=dict(zip(op_weights, grads[:count], strict=True)),
            op_weight_grads=dict(zip(op_weights, grads[count:], strict=True)),
        )

    def mixed_ops(self, cell_type: str, edge: int) -> list[nn.Module]:
        """The mixed operation of an edge, in every cell that shares its alpha."""
        skeleton = self.net.skeleton
        return [
            layer.edges[edge]
            for layer, plan in zip(skeleton.layers, skeleton.plan.layers, strict=True)
            if isinstance(plan, CellPlan) and plan.cell_type == cell_type
        ]


@pytest.fixture(params=['NAS-Bench-201', 'DARTS', 'DARTS, edge weights'])
def problem(request: pytest.FixtureRequest) -> Problem:
    """NAS-Bench-201: three cells share alpha. DARTS: two normal and two reduction cells."""
    torch.manual_seed(0)
    if request.param == 'NAS-Bench-201':
        return Problem(NASBench201Space(), num_cells=1)
    return Problem(DARTSSpace(), num_cells=4, edge_norm='edge weights' in request.param)


def test_the_gradient_of_alpha_follows_from_that_of_the_weights(problem: Problem) -> None:
    step = problem.step()
    for name, grad_EO in step.alpha_grads.items():
        p_EO, p_grad_EO = step.state.op_weights[name], step.op_weight_grads[name]
        mean_E1 = (p_EO * p_grad_EO).sum(dim=-1, keepdim=True)
        torch.testing.assert_close(grad_EO, p_EO * (p_grad_EO - mean_E1))
        row_sums_E = grad_EO.sum(dim=-1)
        assert row_sums_E.abs().max() < 1e-12 * grad_EO.abs().max()


def test_operation_strength_is_the_weight_times_its_star(problem: Problem) -> None:
    step = problem.step()
    for name, grad_EO in step.alpha_grads.items():
        p_EO = step.state.op_weights[name]
        star_EO = functional.operation_strength_star(grad_EO, p_EO)
        torch.testing.assert_close(functional.operation_strength(grad_EO), p_EO * star_EO)


@contextmanager
def recorded(modules: list[nn.Module]) -> Iterator[dict[nn.Module, Tensor]]:
    """What each module puts out in the forward passes made meanwhile."""
    features: dict[nn.Module, Tensor] = {}
    with ExitStack() as stack:
        for module in modules:
            hook = module.register_forward_hook(
                lambda module, _, output: features.__setitem__(module, output)
            )
            stack.callback(hook.remove)
        yield features


def inner_products(problem: Problem) -> dict[str, tuple[Tensor, Tensor]]:
    """Sums over the cells n of <dL/df_n, o_n - f_n> and of <dL/df_n, o_n>, shape (E, O) each."""
    edges = {
        name: [problem.mixed_ops(name, index) for index in range(len(spec.edges))]
        for name, spec in problem.space.cells.items()
    }
    mixed_ops = [mixed for cell_edges in edges.values() for cells in cell_edges for mixed in cells]
    with recorded([m for mixed in mixed_ops for m in (mixed, *mixed.candidates)]) as features:
        loss = problem.loss(problem.mix())
    grads = torch.autograd.grad(loss, [features[mixed] for mixed in mixed_ops])
    f_grads = dict(zip(mixed_ops, grads, strict=True))

    def products_O(mixed: nn.Module, base: Tensor) -> Tensor:
        differences = [features[candidate] - base for candidate in mixed.candidates]
        return torch.stack([(f_grads[mixed] * difference).sum() for difference in differences])

    return {
        name: (
            torch.stack([sum(products_O(m, features[m]) for m in cells) for cells in cell_edges]),
            torch.stack([sum(products_O(m, torch.zeros(())) for m in cells) for cells in cell_edges]),
        )
        for name, cell_edges in edges.items()
    }


def test_scores_from_features_are_those_from_gradients(problem: Problem) -> None:
    step = problem.step()
    for name, (replaced_EO, dropped_EO) in inner_products(problem).items():
        grad_EO, p_EO = step.alpha_grads[name], step.state.op_weights[name]
        for from_gradients, from_features in (
            (functional.operation_strength(grad_EO), (p_EO * replaced_EO).abs()),
            (functional.operation_strength_star(grad_EO, p_EO), replaced_EO.abs()),
            (
                functional.pruning_saliency(p_EO, step.op_weight_grads[name]),
                (p_EO * dropped_EO).abs(),
            ),
        ):
            torch.testing.assert_close(from_gradients, from_features.detach())


@contextmanager
def moved(mixed_ops: list[nn.Module], op: int, distance: float) -> Iterator[None]:
    """Let the mixed operations put out f + distance (o - f)."""
    with ExitStack() as stack, recorded([m.candidates[op] for m in mixed_ops]) as features:
        for mixed in mixed_ops:
            hook = mixed.register_forward_hook(
                lambda m, _, f: f + distance * (features[m.candidates[op]] - f)
            )
            stack.callback(hook.remove)
        yield


def taylor_error(problem: Problem, name: str, edge: int, op: int, distance: float) -> float:
    """Change of the loss beyond the first order, when f moves towards o in all cells at once."""
    step = problem.step()
    slope = step.alpha_grads[name][edge, op] / step.state.op_weights[name][edge, op]
    before = problem.loss(problem.mix())
    with moved(problem.mixed_ops(name, edge), op, distance):
        after = problem.loss(problem.mix())
    return (after - before - distance * slope).item()


def test_replacing_the_mixture_by_a_candidate_follows_the_estimate(problem: Problem) -> None:
    for name, spec in problem.space.cells.items():
        for edge in (0, len(spec.edges) // 2, len(spec.edges) - 1):
            for op in range(len(problem.space.ops)):
                errors = [taylor_error(problem, name, edge, op, t) for t in (2e-4, 1e-4)]
                print(name, edge, op, errors, errors[0] / errors[1])
