"""Evolution of cells by how far their weights have turned since the start (RLNAS)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.angle import angle, products
from ostrdet.registry import CRITERIA
from ostrdet.selection.evolution import Evolution
from ostrdet.spaces.sampling import one_hot_rows, paths_through
from ostrdet.structures import ArchState, Genotype
from ostrdet.structures.probe import Probe


@CRITERIA.register_module()
class AngleEvolution(Evolution):
    r"""The cell whose weights have turned most, found by evolution (Zhang et al., CVPR 2021).

    The angle of a cell is :math:`\arccos\frac{\langle V_0, V\rangle}{|V_0||V|}`. V holds the weights of
    the convolutions and linear layers that the network meets on every path of a cell from an input to its
    output, those of an edge once per path; paths with an operation 'none' do not count. The parts
    between and around the cells are in it once. :math:`V_0` is the same at the start of the training.
    Operations without weights add nothing (the published code adds a constant in the DARTS space). A
    cell without a path has the angle 0. No image is read, and labels may be random.

    The weights at the start are part of the checkpoint, which grows by the size of the supernet.

    Args:
        options: As in :class:`Evolution`; ``batches`` and ``statistics`` have no effect. Published are 20
            generations of 100 cells with 30 parents in NAS-Bench-201.
    """

    meaning = 'whether the cell whose weights have turned most since the start holds the operation'
    cost = 'none'
    unit = 'angle'

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.start: dict[str, Tensor] | None = None
        self._turned: dict[str, Tensor] = {}
        self._fixed = torch.zeros(3, dtype=torch.float64)

    def num_batches(self, available: int) -> int:
        """One, which nobody reads."""
        return 1

    def begin(self, weights: Mapping[str, Tensor]) -> None:
        """Keep a copy of ``weights``."""
        self.start = {name: w.detach().cpu().clone() for name, w in weights.items() if w.dim() > 1}

    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """By weights alone.

        Raises:
            InvalidValueError: If the weights at the start were not kept.
        """
        if self.start is None:
            raise InvalidValueError(
                'AngleEvolution compares the weights with those at the start, which only a search that '
                'has it in default_hooks.selector keeps; search with it, or choose Evolution'
            )
        self._turned = {
            name: torch.zeros(*p_EO.shape, 3, dtype=torch.float64)
            for name, p_EO in state.op_weights.items()
        }
        self._fixed = torch.zeros(3, dtype=torch.float64)
        for name, (place, weight) in probe.weights().items():
            where = self._fixed if place is None else self._turned[place.cell][place.edge, place.op]
            where += products(self.start[name], weight)
        return super().judge(probe, state)

    def worth(self, probe: Probe, genotype: Genotype, like: Mapping[str, Tensor]) -> float:
        """The angle of a cell, in radians."""
        space, total_3 = probe.space, self._fixed.clone()
        paths = paths_through(space, genotype)
        for name, rows in one_hot_rows(space, genotype).items():
            counts_EO = torch.tensor(rows, dtype=torch.float64)
            counts_EO *= torch.tensor(paths[name], dtype=torch.float64)[:, None]
            total_3 += torch.einsum('eo,eok->k', counts_EO, self._turned[name])
        return angle(total_3)

    def worth_of_none(self, probe: Probe) -> float:
        """0."""
        return 0.0

    def state_dict(self) -> dict[str, Any]:
        """Further the weights at the start."""
        return {**super().state_dict(), 'start': self.start}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        super().load_state_dict(state_dict)
        self.start = state_dict.get('start')
