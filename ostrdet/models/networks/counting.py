"""Counts of parameters and multiply-adds of modules, operations and whole networks."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import torch
from mmengine.analysis import FlopAnalyzer
from mmengine.analysis.jit_handles import elementwise_flop_counter
from torch import Tensor, nn

from ostrdet.models.networks.cell import align
from ostrdet.models.networks.derived_cell import AFFINE_NORM
from ostrdet.models.ops import build_op
from ostrdet.registry import MODELS, lookup
from ostrdet.spaces import SearchSpace
from ostrdet.structures import BlockPlan, CellPlan, FeatureSpec, Layout, MacroPlan, StemPlan
from ostrdet.structures.cell_costs import LATENCY, PARAMS, NetworkCosts, Place, edge_places
from ostrdet.structures.latency_table import LatencyTable

#: Operators whose multiply-adds count.
MULTIPLY_ADDS = ('conv', 'linear')
#: What the P-DARTS convention adds, for every element that the operator puts out.
PER_ELEMENT = {'batch_norm': 2, 'relu': 1, 'relu_': 1}


def network_costs(
    space: SearchSpace, size: Layout, unit: str, table: LatencyTable | None = None
) -> NetworkCosts:
    """The costs of all derived networks of a space at a size.

    The sum over the edges of a genotype is what the counter of ``ostrdet.evaluation.complexity`` finds
    for its network, to the unit.

    Args:
        space: The search space.
        size: Stem, width, depth, classes, and the size of the images.
        unit: One of ``UNITS``: multiply-adds of one image, parameters without the auxiliary head, or
            nanoseconds of the operations alone, as the table knows no stem and no classifier.
        table: The milliseconds of operations, for the unit 'latency'.

    Raises:
        InvalidValueError: If the table lacks an operation at a place.
    """
    plan = space.plan(size.stem, size.channels, size.num_cells)
    places = edge_places(plan, space.cells, size.image_size)
    cost_of = _cost_of(unit, table)
    cells = {
        name: tuple(
            tuple(tuple(cost_of(op, place) for op in space.ops) for place in edges)
            for edges in by_cell
        )
        for name, by_cell in places.items()
    }
    fixed = 0 if unit == LATENCY else _fixed_cost(space, plan, size, unit)
    return NetworkCosts(space.ops, space.cells, cells, fixed)


def _cost_of(unit: str, table: LatencyTable | None) -> Callable[[str, Place], int]:
    if unit == LATENCY:
        assert table is not None
        return table.nanoseconds
    return partial(op_cost, unit)


@lru_cache(maxsize=4096)
def op_cost(unit: str, op: str, place: Place) -> int:
    """Multiply-adds or parameters of an operation of a derived network."""
    make = partial(build_op, op, place.channels, place.stride, AFFINE_NORM)
    return _cost(unit, make, place.channels, place.size)


def _fixed_cost(space: SearchSpace, plan: MacroPlan, size: Layout, unit: str) -> int:
    """Stem, what brings inputs to a cell's width, blocks between cells, tail and classifier."""
    total = _stem_cost(unit, plan.stem, size.image_size)
    for layer in plan.layers:
        if isinstance(layer, BlockPlan):
            total += _block_cost(unit, layer, size.image_size)
        elif space.cells[layer.cell_type].preprocess:
            inputs = range(len(layer.inputs))
            total += sum(_input_cost(unit, layer, i, size.image_size) for i in inputs)
    if plan.tail is not None:
        total += _tail_cost(unit, plan.tail, plan.output, size.image_size)
    return total + _cost(unit, partial(nn.Linear, plan.output.channels, size.num_classes))


@lru_cache
def _stem_cost(unit: str, plan: StemPlan, image_size: int) -> int:
    return _cost(unit, lambda: lookup(MODELS, plan.type)(plan), 3, image_size)


@lru_cache
def _block_cost(unit: str, plan: BlockPlan, image_size: int) -> int:
    shape = _shape(plan.inputs[-1], image_size)
    return _cost(unit, lambda: lookup(MODELS, plan.type)(plan), *shape, takes_states=True)


@lru_cache
def _tail_cost(unit: str, name: str, state: FeatureSpec, image_size: int) -> int:
    return _cost(unit, lambda: lookup(MODELS, name)(state), *_shape(state, image_size))


@lru_cache
def _input_cost(unit: str, plan: CellPlan, index: int, image_size: int) -> int:
    make = partial(align, plan, index, AFFINE_NORM)
    return _cost(unit, make, *_shape(plan.inputs[index], image_size))


def _shape(state: FeatureSpec, image_size: int) -> tuple[int, int]:
    return state.channels, -(-image_size // state.stride)


def _cost(
    unit: str,
    make: Callable[[], nn.Module],
    channels: int = 0,
    size: int = 0,
    takes_states: bool = False,
) -> int:
    with torch.device('meta'):  # no generator moves
        module = make()
    if unit == PARAMS:
        return num_params(module)
    if isinstance(module, nn.Linear):
        return module.in_features * module.out_features
    module.to_empty(device='cpu').eval()
    image = torch.zeros(1, channels, size, size, device='cpu')
    return multiply_adds(_count(module, (image,) if takes_states else image))


def num_params(module: nn.Module | None) -> int:
    """Parameters of a module; 0 for None."""
    return 0 if module is None else sum(p.numel() for p in module.parameters())


def multiply_adds(counts: Mapping[str, int]) -> int:
    """Those of convolutions and linear layers alone."""
    return sum(counts.get(name, 0) for name in MULTIPLY_ADDS)


def count_operators(network: nn.Module, height: int, width: int) -> dict[str, int]:
    """What each kind of operator costs for one image (1, 3, height, width) on the CPU.

    Args:
        network: In evaluation mode, with weights of any value.
        height: In pixels.
        width: In pixels.
    """
    return _count(network, torch.zeros(1, 3, height, width, device='cpu'))


@torch.no_grad()
def _count(module: nn.Module, given: Tensor | tuple[Tensor]) -> dict[str, int]:
    analyzer = FlopAnalyzer(module, (given,))
    for name, cost in PER_ELEMENT.items():
        analyzer.set_op_handle(f'aten::{name}', elementwise_flop_counter(0, cost))
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with torch.random.fork_rng(devices=[]):  # 'noise' draws
        counts = analyzer.by_operator()
    return {str(name): int(count) for name, count in counts.items()}
