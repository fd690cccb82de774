"""The graph of a cell: which edges a node sums, what they read, and what comes out."""

import pytest
import torch
from torch import Tensor, nn

from ostrdet.models.networks import Cell
from ostrdet.models.ops import FactorizedReduce
from ostrdet.models.weightings import MixWeights
from ostrdet.structures import CellPlan, CellSpec, Edge, FeatureSpec

pytestmark = pytest.mark.usefixtures('float64')

PLAIN_NORM = {'type': 'BN', 'affine': False}


class Scale(nn.Module):
    """An edge that multiplies by a number, and by its weights' sum if it has weights."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor, op_weights_O: Tensor | None = None) -> Tensor:
        """``x`` times the numbers."""
        return self.factor * x * (1 if op_weights_O is None else op_weights_O.sum())


def plan(inputs: tuple[FeatureSpec, ...], stride: int = 1, channels: int = 2) -> CellPlan:
    """A cell of ``channels`` channels; its output is not read."""
    return CellPlan('cell', inputs, channels, stride, inputs[-1])


def scaling_cell(spec: CellSpec, factors: list[float]) -> Cell:
    """All edges of ``spec``, each multiplying by its factor."""
    inputs = (FeatureSpec(2, 1),) * spec.num_inputs
    return Cell(
        plan(inputs), spec, spec.edges, spec.output, lambda e, *_: Scale(factors[e]), PLAIN_NORM
    )


def test_nodes_sum_their_edges() -> None:
    cell = scaling_cell(CellSpec(1, 3, output=(3,)), [2, 3, 5, 7, 11, 13])
    x = torch.randn(1, 2, 3, 3)
    node_1 = 2
    node_2 = 3 + 5 * node_1
    node_3 = 7 + 11 * node_1 + 13 * node_2
    torch.testing.assert_close(cell((x,)), node_3 * x)


def test_output_nodes_are_concatenated_in_order() -> None:
    cell = scaling_cell(CellSpec(2, 2, output=(3, 2)), [2, 3, 5, 7, 11])
    a, b = torch.randn(2, 1, 2, 3, 3)
    node_2 = 2 * a + 3 * b
    node_3 = 5 * a + 7 * b + 11 * node_2
    torch.testing.assert_close(cell((a, b)), torch.cat([node_3, node_2], dim=1))


def test_chosen_edges_alone_are_summed() -> None:
    spec, edges = CellSpec(2, 2, output=(2, 3), keep_edges=1), [Edge(1, 2), Edge(0, 3)]
    inputs = (FeatureSpec(2, 1),) * 2
    cell = Cell(plan(inputs), spec, edges, (2, 3), lambda e, *_: Scale(e + 2), PLAIN_NORM)
    a, b = torch.randn(2, 1, 2, 3, 3)
    torch.testing.assert_close(cell((a, b)), torch.cat([2 * b, 3 * a], dim=1))


@pytest.mark.parametrize('edge_weights', [None, torch.tensor([2.0, 3.0, 5.0])])
def test_edges_get_their_own_row_of_weights(edge_weights: Tensor | None) -> None:
    cell = scaling_cell(CellSpec(1, 2, output=(2,)), [1, 1, 1])
    op_weights = torch.tensor([[1.0, 1.0], [3.0, 4.0], [5.0, 6.0]])
    x = torch.randn(1, 2, 3, 3)
    first, second, third = (1, 1, 1) if edge_weights is None else (2, 3, 5)
    expected = (second * 7 + third * 11 * (first * 2)) * x
    torch.testing.assert_close(cell((x,), MixWeights(op_weights, edge_weights)), expected)


@pytest.mark.parametrize('stride', [1, 2])
def test_only_edges_that_leave_an_input_have_the_stride(stride: int) -> None:
    made = {}
    spec = CellSpec(2, 2, output=(2, 3), preprocess=True)

    def make_edge(index: int, channels: int, edge_stride: int) -> nn.Module:
        made[spec.edges[index]] = (channels, edge_stride)
        return nn.Identity()

    states = (FeatureSpec(3, 1), FeatureSpec(4, 1))
    Cell(plan(states, stride, channels=6), spec, spec.edges, spec.output, make_edge, PLAIN_NORM)
    assert made == {
        (0, 2): (6, stride),
        (1, 2): (6, stride),
        (0, 3): (6, stride),
        (1, 3): (6, stride),
        (2, 3): (6, 1),
    }


@pytest.mark.parametrize(('older_stride', 'size'), [(1, 6), (2, 6), (2, 7)])
def test_preprocessing_brings_the_inputs_to_one_width_and_size(
    older_stride: int, size: int
) -> None:
    spec = CellSpec(2, 1, output=(2,), preprocess=True)
    states = (FeatureSpec(3, 4), FeatureSpec(5, 4 * older_stride))
    cell = Cell(plan(states), spec, spec.edges, (2,), lambda *_: nn.Identity(), PLAIN_NORM)
    assert isinstance(cell.preprocess[0], FactorizedReduce) == (older_stride == 2)
    newest = -(-size // older_stride)
    x, y = torch.randn(2, 3, size, size), torch.randn(2, 5, newest, newest)
    expected = cell.preprocess[0](x) + cell.preprocess[1](y)
    assert expected.shape == (2, 2, newest, newest)
    torch.testing.assert_close(cell((x, y)), expected)


def test_cells_without_preprocessing_have_no_weights_of_their_own() -> None:
    assert not scaling_cell(CellSpec(1, 2, output=(2,)), [1, 1, 1]).state_dict()
