"""What the scores mean, on real supernets in double precision.

The scores are functions of two gradients. Here they are held against the features of the network
itself: o is what a candidate puts out, f what its edge mixes, n runs over the cells that share
alpha.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.networks import Supernet
from ostrdet.models.weightings import MixWeights, normalize_edges
from ostrdet.selection import OperationStrength, discretize, functional
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
        self.space, self.dtype = space, dtype
        self.net = Supernet(space, channels=4, num_cells=num_cells, num_classes=NUM_CLASSES)
        self.net.to(dtype)
        self.labels = torch.arange(6) % NUM_CLASSES
        self.new_minibatch()
        self.alphas: dict[str, Tensor] = {}
        self.edge_weights: dict[str, Tensor | None] = {}
        for name, spec in space.cells.items():
            alphas_EO = torch.randn(len(spec.edges), len(space.ops), dtype=dtype)
            self.alphas[name] = alphas_EO.requires_grad_()
            betas_E = torch.randn(len(spec.edges), dtype=dtype)
            self.edge_weights[name] = normalize_edges(betas_E, spec) if edge_norm else None

    def new_minibatch(self) -> None:
        self.images = torch.randn(len(self.labels), 3, 8, 8, dtype=self.dtype)

    def mix(self) -> dict[str, MixWeights]:
        return {
            name: MixWeights(alphas_EO.softmax(dim=-1), self.edge_weights[name])
            for name, alphas_EO in self.alphas.items()
        }

    def loss(self, mix: Mapping[str, MixWeights] | None = None) -> Tensor:
        logits = self.net(self.images, self.mix() if mix is None else mix)
        return F.cross_entropy(logits, self.labels)

    def step(self) -> ArchStep:
        """What the criteria see of this minibatch."""
        mix = self.mix()
        op_weights = {name: weights.op_weights for name, weights in mix.items()}
        grads = torch.autograd.grad(self.loss(mix), [*self.alphas.values(), *op_weights.values()])
        state = ArchState(
            {name: alphas_EO.detach() for name, alphas_EO in self.alphas.items()},
            {name: weights_EO.detach() for name, weights_EO in op_weights.items()},
            self.edge_weights,
        )
        count = len(op_weights)
        return ArchStep(
            state,
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
        torch.testing.assert_close(grad_EO, p_EO * (p_grad_EO - mean_E1), rtol=1e-9, atol=1e-15)
        assert grad_EO.abs().max() > 1e-3
        assert grad_EO.sum(dim=-1).abs().max() < 1e-14
        strength_EO = functional.operation_strength(p_EO, p_grad_EO)
        torch.testing.assert_close(strength_EO, grad_EO.abs(), rtol=1e-12, atol=1e-15)


def test_operation_strength_is_the_weight_times_its_star(problem: Problem) -> None:
    step = problem.step()
    for name, p_grad_EO in step.op_weight_grads.items():
        p_EO = step.state.op_weights[name]
        strength_EO = functional.operation_strength(p_EO, p_grad_EO)
        star_EO = functional.operation_strength_star(p_EO, p_grad_EO)
        torch.testing.assert_close(strength_EO, p_EO * star_EO, rtol=1e-14, atol=0)


@contextmanager
def recorded(modules: Sequence[nn.Module]) -> Iterator[dict[nn.Module, Tensor]]:
    """What each module puts out in the forward passes made meanwhile."""
    features: dict[nn.Module, Tensor] = {}

    def record(module: nn.Module, _: object, output: Tensor) -> None:
        features[module] = output

    with ExitStack() as stack:
        for module in modules:
            stack.callback(module.register_forward_hook(record).remove)
        yield features


InnerProducts = Callable[[str, int], tuple[Tensor, Tensor]]


def measure_inner_products(problem: Problem) -> InnerProducts:
    """A look-up of sum_n <dL/df_n, o_n>, shape (O,), and sum_n <dL/df_n, f_n> by edge."""
    mixed_ops = [
        mixed
        for name, spec in problem.space.cells.items()
        for edge in range(len(spec.edges))
        for mixed in problem.mixed_ops(name, edge)
    ]
    with recorded([m for mixed in mixed_ops for m in (mixed, *mixed.candidates)]) as features:
        loss = problem.loss()
    grads = torch.autograd.grad(loss, [features[mixed] for mixed in mixed_ops])
    f_grads = dict(zip(mixed_ops, grads, strict=True))

    def product(mixed: nn.Module, module: nn.Module) -> Tensor:
        return (f_grads[mixed] * features[module].detach()).sum()

    def look_up(cell_type: str, edge: int) -> tuple[Tensor, Tensor]:
        cells = problem.mixed_ops(cell_type, edge)
        op_products_nO = [torch.stack([product(m, op) for op in m.candidates]) for m in cells]
        mix_products_n = [product(m, m) for m in cells]
        return torch.stack(op_products_nO).sum(dim=0), torch.stack(mix_products_n).sum()

    return look_up


def test_scores_from_features_are_those_from_gradients(problem: Problem) -> None:
    step, inner_products = problem.step(), measure_inner_products(problem)
    for name, p_grad_EO in step.op_weight_grads.items():
        p_EO = step.state.op_weights[name]
        strength_EO = functional.operation_strength(p_EO, p_grad_EO)
        star_EO = functional.operation_strength_star(p_EO, p_grad_EO)
        saliency_EO = functional.pruning_saliency(p_EO, p_grad_EO)
        for edge, p_O in enumerate(p_EO):
            op_products_O, mix_product = inner_products(name, edge)
            replacing_O = op_products_O - mix_product
            for from_gradients, from_features in (
                (strength_EO[edge], p_O * replacing_O),
                (star_EO[edge], replacing_O),
                (saliency_EO[edge], p_O * op_products_O),
            ):
                torch.testing.assert_close(
                    from_gradients, from_features.abs(), rtol=1e-9, atol=1e-13
                )


def make_smooth(net: nn.Module) -> None:
    """Put smooth layers in the place of those with kinks, which a Taylor estimate cannot cross."""
    for parent in list(net.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.ReLU):
                setattr(parent, name, nn.Softplus())
            elif isinstance(child, nn.MaxPool2d):
                setattr(parent, name, nn.AvgPool2d(3, child.stride, padding=1))


@contextmanager
def moved(mixed_ops: Sequence[nn.Module], op: int, distance: float) -> Iterator[None]:
    """Let the mixed operations put out f + distance (o - f)."""
    with ExitStack() as stack:
        features = stack.enter_context(recorded([m.candidates[op] for m in mixed_ops]))

        def move(mixed: nn.Module, _: object, f: Tensor) -> Tensor:
            return f + distance * (features[mixed.candidates[op]] - f)

        for mixed in mixed_ops:
            stack.callback(mixed.register_forward_hook(move).remove)
        yield


@pytest.mark.parametrize(
    ('space', 'num_cells'),
    [
        pytest.param(NASBench201Space(), 1, id='NAS-Bench-201'),
        pytest.param(DARTSSpace(num_nodes=2), 3, id='DARTS'),
    ],
)
def test_the_estimate_of_replacing_f_by_o_errs_in_second_order(
    space: SearchSpace, num_cells: int
) -> None:
    torch.manual_seed(0)
    problem = Problem(space, num_cells)
    make_smooth(problem.net)
    step, before = problem.step(), problem.loss()
    for name, grad_EO in step.alpha_grads.items():
        slopes_EO = grad_EO / step.state.op_weights[name]
        for edge in (0, len(slopes_EO) - 1):
            mixed_ops = problem.mixed_ops(name, edge)
            for op, slope in enumerate(slopes_EO[edge]):
                errors = []
                for distance in (2e-4, 1e-4):
                    with moved(mixed_ops, op, distance), torch.no_grad():
                        change = problem.loss() - before
                    errors.append((change - distance * slope).item())
                assert errors[0] / errors[1] == pytest.approx(4, rel=0.05), (name, edge, op)


TWO_OPS = ('skip_connect', 'sep_conv_3x3')


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize('ops', [TWO_OPS, TWO_OPS[::-1]], ids=str)
@pytest.mark.parametrize(('space_type', 'num_cells'), [(NASBench201Space, 1), (DARTSSpace, 3)])
def test_two_candidates_tie_and_the_first_is_chosen(
    space_type: Callable[..., SearchSpace],
    num_cells: int,
    ops: tuple[str, ...],
    dtype: torch.dtype,
) -> None:
    torch.manual_seed(0)
    problem = Problem(space_type(ops=ops), num_cells, dtype=dtype)
    criterion = OperationStrength()
    for _ in range(8):
        problem.new_minibatch()
        criterion.observe(problem.step())
    scores = criterion.scores(problem.step().state)
    assert scores is not None
    rtol = 1e-12 if dtype == torch.float64 else OperationStrength.tie_rtol / 2
    for scores_EO in scores.values():
        torch.testing.assert_close(scores_EO[:, 0], scores_EO[:, 1], rtol=rtol, atol=0)
    found = discretize(problem.space, scores, tie_rtol=OperationStrength.tie_rtol)
    cells = found.cells.values()
    chosen = {op for cell in cells for node in cell.nodes for op, _ in node}
    assert chosen == {ops[0]}


def test_edges_are_ranked_by_the_change_of_the_loss_without_their_weights() -> None:
    """Brute force: o takes a share of f on one edge, so small that the loss is linear in it."""
    torch.manual_seed(0)
    problem, share = Problem(DARTSSpace(num_nodes=2), num_cells=4, edge_norm=True), 1e-6
    step, mix = problem.step(), problem.mix()
    before, reordered = problem.loss(mix), []
    for name, spec in problem.space.cells.items():
        p_EO, weights_E = mix[name].op_weights.detach(), problem.edge_weights[name]
        changes_EO = torch.zeros_like(p_EO)
        for edge, op in itertools.product(range(len(spec.edges)), range(p_EO.shape[1])):
            row_O = p_EO[edge].clone()
            row_O -= share * p_EO[edge, op] * row_O  # a share p of f makes room for o
            row_O[op] += share * p_EO[edge, op]
            moved_EO = p_EO.clone()
            moved_EO[edge] = row_O
            moved = {**mix, name: MixWeights(moved_EO, weights_E)}
            changes_EO[edge, op] = (problem.loss(moved) - before).detach().abs() / share
        strength_EO = functional.operation_strength(p_EO, step.op_weight_grads[name])
        torch.testing.assert_close(changes_EO, strength_EO, rtol=1e-3, atol=1e-7)
        true_ranks = changes_EO.max(dim=1).values
        assert torch.equal(true_ranks.argsort(), strength_EO.max(dim=1).values.argsort())
        weighted_ranks = true_ranks * problem.edge_weights[name]
        reordered.append(not torch.equal(true_ranks.argsort(), weighted_ranks.argsort()))
    assert any(reordered)  # by their weights the edges stand in another order
