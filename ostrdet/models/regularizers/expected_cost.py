"""What the derived network costs on average, as a term of the architecture's loss."""

import os
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.networks.counting import network_costs
from ostrdet.models.regularizers.base import Regularizer
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import REGULARIZERS, nearest
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellSpec, Layout
from ostrdet.structures.amount import amount
from ostrdet.structures.cell_costs import LATENCY, UNITS, NetworkCosts
from ostrdet.structures.latency_table import PER_MILLISECOND, LatencyTable

LINEAR, LOG, EDGES = FORMS = ('linear', 'log', 'log_edges')


@REGULARIZERS.register_module()
class ExpectedCost(Regularizer):
    r"""The expected cost of the derived network under the weights without a draw.

    Edge e of cell n costs :math:`c_{n,e} = \sum_o p_{e,o} \, cost_{n,e,o}` with the candidates' costs at
    their place in the network. A node keeps K of its k incoming edges, so an edge is kept with
    :math:`q_e = K / k`, or K times its edge weight; :math:`C = fixed + \sum_{n,e} q_e c_{n,e}`.

    * ``linear``: C in millions, or in milliseconds (DSNAS); above ``target`` (C - target) / target.
    * ``log``: log C in natural units (FBNet, Eq. 5 with beta = 1; its factor is a summand here); above
      ``target`` log(C / target).
    * ``log_edges``: the mean over the cells of a type of :math:`\sum_e \log \max(c_{n,e}, 1)`, summed
      over the cell types (SNAS, Eqs. 9 and 10, as published: with all edges and without what is
      fixed). SNAS weighs parameters, multiply-adds and memory accesses by 1/3 each: one term a unit.

    Args:
        weight: As in :class:`Regularizer`.
        unit: 'macs', 'params', or 'latency'.
        form: 'linear', 'log', or 'log_edges'.
        target: Cost up to which the term is 0: a whole number or text such as '600M'; milliseconds for
            latencies. None for no target. Not with 'log_edges'.
        layout: Published size of the derived network, such as 'imagenet'; None for that of the supernet.
        image_size: Height and width of the images in pixels; None for those of the layout, or of the
            minibatches without one.
        table: CSV file of latencies, see :class:`LatencyTable`; for 'latency' alone.

    Raises:
        InvalidValueError: If an argument is unknown or out of range, or a table is missing or too many.
        FileNotFoundError: If there is no such table.
    """

    of_mix = True

    def __init__(
        self,
        weight: Any = 1.0,
        unit: str = 'macs',
        form: str = 'log',
        target: int | float | str | None = None,
        layout: str | None = None,
        image_size: int | None = None,
        table: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(weight)
        for key, value, known in (('unit', unit, UNITS), ('form', form, FORMS)):
            if value not in known:
                raise InvalidValueError(f"ExpectedCost: {key}='{value}'. {nearest(value, known)}")
        if form == EDGES and target is not None:
            raise InvalidValueError(
                f"ExpectedCost: target={target!r}, but form='log_edges' has no sum to compare it with; "
                "use form='log'"
            )
        if (table is None) == (unit == LATENCY):
            raise InvalidValueError(
                f"ExpectedCost: unit='{unit}' with table={table!r}; latencies need a table, and "
                'nothing else reads one'
            )
        if image_size is not None and image_size < 1:
            raise InvalidValueError(f'ExpectedCost: image_size={image_size}, expected at least 1')
        self.unit, self.form = unit, form
        self.target = None if target is None else _target(target, unit)
        self.layout, self.image_size = layout, image_size
        self.table = None if table is None else LatencyTable(table)
        self.specs: Mapping[str, CellSpec] = {}
        self._counted: Layout | None = None

    def check_space(self, space: SearchSpace) -> None:
        """Refuse a layout that the space does not know."""
        if self.layout is not None:
            space.layout(self.layout)

    def prepare(self, supernet: Any, image_size: int) -> None:
        """Count the candidates at their places, unless that is done."""
        size = supernet.layout if self.layout is None else supernet.space.layout(self.layout)
        pixels = self.image_size or (image_size if self.layout is None else size.image_size)
        size = Layout(size.stem, size.channels, size.num_cells, size.num_classes, pixels)
        if size == self._counted:
            return
        costs = network_costs(supernet.space, size, self.unit, self.table)
        self._keep(costs, supernet.classifier.weight)
        self._counted = size

    def _keep(self, costs: NetworkCosts, like: Tensor) -> None:
        self.specs = costs.specs
        self.fixed = float(costs.fixed)
        for name, cells in costs.cells.items():
            shape = (len(cells), len(self.specs[name].edges), len(costs.ops))
            cost_NEO = torch.tensor(cells, dtype=like.dtype, device='cpu').reshape(shape)
            share_E = torch.tensor(_shares(self.specs[name]), dtype=like.dtype, device='cpu')
            self.register_buffer(f'costs_{name}', cost_NEO.to(like.device), persistent=False)
            self.register_buffer(f'shares_{name}', share_E.to(like.device), persistent=False)

    def forward(self, mix: Mapping[str, MixWeights]) -> Tensor:
        """The term under the weights of every cell type; a scalar."""
        by_edge = {
            name: (self.get_buffer(f'costs_{name}') * weights.op_weights).sum(dim=-1)
            for name, weights in mix.items()
        }
        if self.form == EDGES:
            terms = [c.clamp_min(1).log().sum(-1).mean() for c in by_edge.values() if len(c)]
            return torch.stack(terms).sum()
        sums = [(by_edge[name].sum(dim=0) * self._kept(name, mix[name])).sum() for name in mix]
        return self._shaped(self.fixed + torch.stack(sums).sum())

    def _kept(self, name: str, weights: MixWeights) -> Tensor:
        """How likely a derived cell keeps each edge, shape (E,)."""
        most = self.specs[name].keep_edges
        if most is None or weights.edge_weights is None:
            return self.get_buffer(f'shares_{name}')
        return most * weights.edge_weights

    def _shaped(self, total: Tensor) -> Tensor:
        if self.target is not None:
            ratio = total / self.target
            return ratio.clamp_min(1).log() if self.form == LOG else (ratio - 1).clamp_min(0)
        return total.clamp_min(1).log() if self.form == LOG else total / 1e6


def _shares(spec: CellSpec) -> list[float]:
    """How likely a derived cell keeps an edge if all edges of a node are alike."""
    return [spec.kept(edge.target) / edge.target for edge in spec.edges]


def _target(value: int | float | str, unit: str) -> float:
    if unit != LATENCY:
        return float(amount(value, 'ExpectedCost: target'))
    if isinstance(value, bool | str) or value <= 0:
        raise InvalidValueError(f'ExpectedCost: target={value!r}, expected milliseconds, above 0')
    return float(value) * PER_MILLISECOND
