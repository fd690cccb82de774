"""The trunk: every layer puts out what the plan says, and reductions stand at the thirds."""

import pytest
import torch
from torch import nn

from ostrdet.models.networks import Cell, NormAct, Skeleton
from ostrdet.spaces import build_space
from ostrdet.structures import CellPlan, MacroPlan

pytestmark = pytest.mark.usefixtures('float64')

PLAIN_NORM = {'type': 'BN', 'affine': False}


def pooled_skeleton(space_type: str, stem: str, num_cells: int) -> Skeleton:
    """A trunk whose edges are poolings, so that it costs nothing."""
    space = build_space({'type': space_type})

    def make_cell(plan: CellPlan) -> Cell:
        spec = space.cells[plan.cell_type]
        return Cell(
            plan,
            spec,
            spec.edges,
            spec.output,
            lambda _index, _channels, stride: nn.MaxPool2d(3, stride, padding=1),
            PLAIN_NORM,
        )

    return Skeleton(space.plan(stem, 2, num_cells), make_cell)


@pytest.mark.parametrize('size', [(32, 32), (33, 47)])
@pytest.mark.parametrize(
    ('space_type', 'stem', 'num_cells'),
    [
        ('DARTSSpace', 'CIFARStem', 8),
        ('DARTSSpace', 'ImageNetStem', 5),
        ('NASNetSpace', 'CIFARStem', 3),
        ('NASBench201Space', 'CIFARStem', 2),
    ],
)
def test_layers_put_out_what_the_plan_says(
    space_type: str, stem: str, num_cells: int, size: tuple[int, int]
) -> None:
    trunk = pooled_skeleton(space_type, stem, num_cells)
    images = torch.randn(2, 3, *size)
    shapes = [state.shape for state in trunk(images)]
    expected = [
        (2, layer.output.channels, *(-(-side // layer.output.stride) for side in size))
        for layer in trunk.plan.layers
    ]
    assert shapes == expected


@pytest.mark.parametrize(
    ('num_cells', 'reductions'),
    [(3, [1, 2]), (6, [2, 4]), (8, [2, 5]), (14, [4, 9]), (20, [6, 13])],
)
def test_darts_halves_at_one_and_two_thirds(num_cells: int, reductions: list[int]) -> None:
    trunk = pooled_skeleton('DARTSSpace', 'CIFARStem', num_cells)
    states = list(trunk(torch.randn(1, 3, 16, 16)))
    sizes = [16, *(state.shape[-1] for state in states)]
    channels = [state.shape[1] for state in states]
    halved = [index for index in range(num_cells) if sizes[index + 1] < sizes[index]]
    assert halved == reductions
    first, second = reductions
    expected = [8] * first + [16] * (second - first) + [32] * (num_cells - second)
    assert channels == expected


def test_nas_bench_201_halves_between_three_stages() -> None:
    trunk = pooled_skeleton('NASBench201Space', 'CIFARStem', 5)
    shapes = [state.shape[1:] for state in trunk(torch.randn(1, 3, 16, 16))]
    assert shapes == [(2, 16, 16)] * 5 + [(4, 8, 8)] * 6 + [(8, 4, 4)] * 6


def test_tail_comes_after_the_last_layer_alone() -> None:
    trunk = pooled_skeleton('NASBench201Space', 'CIFARStem', 1)
    assert isinstance(trunk.tail, NormAct)
    images = torch.randn(2, 3, 8, 8)
    with_tail = list(trunk(images))
    trunk.tail = nn.Identity()
    bare = list(trunk(images))
    assert all(torch.equal(a, b) for a, b in zip(with_tail[:-1], bare[:-1], strict=True))
    expected = nn.functional.batch_norm(bare[-1], None, None, training=True).relu()
    torch.testing.assert_close(with_tail[-1], expected)


def test_unknown_block_offers_the_nearest() -> None:
    plan = build_space({'type': 'NASBench201Space'}).plan('CIFARStem', 2, 1)
    broken = MacroPlan(plan.stem, plan.layers, tail='NormAkt')
    with pytest.raises(KeyError, match="Did you mean 'NormAct'"):
        Skeleton(broken, lambda _plan: nn.Identity())
