"""Facts of the DARTS space: operations, edges, and the published skeletons worked out by hand."""

import re
from typing import Any

import pytest

from ostrdet.spaces import DARTSSpace, build_space
from ostrdet.structures import CellPlan, FeatureSpec, MacroPlan

SPACE = DARTSSpace()


def cells_of(plan: MacroPlan) -> list[CellPlan]:
    cells = [layer for layer in plan.layers if isinstance(layer, CellPlan)]
    assert len(cells) == len(plan.layers)
    return cells


def features(*pairs: tuple[int, int]) -> tuple[FeatureSpec, ...]:
    return tuple(FeatureSpec(channels, stride) for channels, stride in pairs)


def test_operations_in_the_order_of_the_reference() -> None:
    assert SPACE.ops == (
        'none',
        'max_pool_3x3',
        'avg_pool_3x3',
        'skip_connect',
        'sep_conv_3x3',
        'sep_conv_5x5',
        'dil_conv_3x3',
        'dil_conv_5x5',
    )
    assert SPACE.selectable_ops == SPACE.ops[1:]
    assert SPACE.normalized_in_search == ('max_pool_3x3', 'avg_pool_3x3')


def test_both_cells_have_fourteen_edges_and_keep_two_per_node() -> None:
    assert list(SPACE.cells) == ['normal', 'reduce']
    for spec in SPACE.cells.values():
        assert spec.edges == tuple((s, t) for t in (2, 3, 4, 5) for s in range(t))
        assert len(spec.edges) == 14
        assert spec.keep_edges == 2
        assert spec.output == (2, 3, 4, 5)
        assert spec.preprocess


def test_plan_of_the_cifar_network() -> None:
    """20 cells, C 36: reductions at 20 // 3 = 6 and 40 // 3 = 13."""
    plan = SPACE.plan('CIFARStem', channels=36, num_cells=20)
    cells = cells_of(plan)
    assert plan.stem.outputs == features((108, 1), (108, 1))
    assert [i for i, cell in enumerate(cells) if cell.cell_type == 'reduce'] == [6, 13]
    assert [cell.stride for cell in cells] == [1] * 6 + [2] + [1] * 6 + [2] + [1] * 6
    assert [cell.channels for cell in cells] == [36] * 6 + [72] * 7 + [144] * 7
    outputs = features(*[(144, 1)] * 6, *[(288, 2)] * 7, *[(576, 4)] * 7)
    assert tuple(cell.output for cell in cells) == outputs
    assert cells[0].inputs == features((108, 1), (108, 1))
    assert cells[1].inputs == features((108, 1), (144, 1))
    assert cells[6].inputs == features((144, 1), (144, 1))
    assert cells[7].inputs == features((144, 1), (288, 2))
    assert cells[8].inputs == features((288, 2), (288, 2))
    assert plan.output == FeatureSpec(576, 4)
    assert (plan.tail, plan.aux_layer) == (None, 13)


def test_plan_of_the_imagenet_network() -> None:
    """14 cells, C 48: reductions at 14 // 3 = 4 and 28 // 3 = 9; the stem goes down to 1/8."""
    plan = SPACE.plan('ImageNetStem', channels=48, num_cells=14)
    cells = cells_of(plan)
    assert plan.stem.outputs == features((48, 4), (48, 8))
    assert [i for i, cell in enumerate(cells) if cell.cell_type == 'reduce'] == [4, 9]
    assert [cell.channels for cell in cells] == [48] * 4 + [96] * 5 + [192] * 5
    outputs = features(*[(192, 8)] * 4, *[(384, 16)] * 5, *[(768, 32)] * 5)
    assert tuple(cell.output for cell in cells) == outputs
    assert cells[0].inputs == features((48, 4), (48, 8))
    assert cells[1].inputs == features((48, 8), (192, 8))
    assert plan.output == FeatureSpec(768, 32)
    assert plan.aux_layer == 9


def test_plan_of_the_supernet() -> None:
    """8 cells, C 16: reductions at 8 // 3 = 2 and 16 // 3 = 5."""
    cells = cells_of(SPACE.plan('CIFARStem', channels=16, num_cells=8))
    assert [cell.channels for cell in cells] == [16, 16, 32, 32, 32, 64, 64, 64]
    assert [cell.stride for cell in cells] == [1, 1, 2, 1, 1, 2, 1, 1]
    assert cells[-1].output == FeatureSpec(256, 4)


@pytest.mark.parametrize('num_cells', range(3, 25))
def test_every_cell_reads_the_two_states_before_it(num_cells: int) -> None:
    plan = SPACE.plan('CIFARStem', channels=4, num_cells=num_cells)
    states = [*plan.stem.outputs]
    for cell in cells_of(plan):
        assert cell.inputs == tuple(states[-2:])
        assert cell.output.channels == 4 * cell.channels
        assert cell.output.stride == states[-1].stride * cell.stride
        states.append(cell.output)


@pytest.mark.parametrize(
    ('outputs', 'channels'),
    [
        (None, [16, 32, 32]),
        ({'normal': 3, 'reduce': 2}, [12, 16, 24]),
        ({'normal': 3}, [12, 32, 24]),
    ],
)
def test_plan_with_fewer_concatenated_nodes(
    outputs: dict[str, int] | None, channels: list[int]
) -> None:
    """A normal cell of C 4, a reduction cell and a normal one of C 8."""
    space = DARTSSpace(reduce_at=((1, 3),))
    cells = cells_of(space.plan('CIFARStem', channels=4, num_cells=3, outputs=outputs))
    assert [cell.channels for cell in cells] == [4, 8, 8]
    assert [cell.output.channels for cell in cells] == channels


def test_published_layouts() -> None:
    sizes = {
        name: (
            layout.stem,
            layout.channels,
            layout.num_cells,
            layout.num_classes,
            layout.image_size,
        )
        for name, layout in SPACE.layouts.items()
    }
    assert sizes == {
        'cifar10': ('CIFARStem', 36, 20, 10, 32),
        'cifar100': ('CIFARStem', 36, 20, 100, 32),
        'imagenet': ('ImageNetStem', 48, 14, 1000, 224),
    }


@pytest.mark.parametrize(
    ('reduce_at', 'strides'),
    [
        (((1, 3), (2, 3)), [1, 1, 2, 1, 2, 1]),
        ([[1, 2]], [1, 1, 1, 2, 1, 1]),
        ([[0, 1], [1, 2], [5, 6]], [2, 1, 1, 2, 1, 2]),
        ([], [1, 1, 1, 1, 1, 1]),
    ],
)
def test_reductions_stand_where_the_config_says(reduce_at: Any, strides: list[int]) -> None:
    space = build_space({'type': 'DARTSSpace', 'reduce_at': reduce_at})
    cells = cells_of(space.plan('CIFARStem', channels=8, num_cells=6))
    assert [cell.stride for cell in cells] == strides


@pytest.mark.parametrize('place', [[1, 1], [3, 2], [-1, 3], [1, 0], [1], [1, 2, 3], 0.5, '13'])
def test_a_reduction_outside_of_the_network_is_refused(place: Any) -> None:
    shown = re.escape(str(tuple(place) if isinstance(place, list) else place))
    with pytest.raises(ValueError, match=rf'space\.reduce_at=.* holds {shown}, expected fractions'):
        build_space({'type': 'DARTSSpace', 'reduce_at': [[1, 3], place]})
