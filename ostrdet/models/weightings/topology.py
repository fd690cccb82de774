"""Edges that a node keeps together or not at all (DOTS)."""

from typing import Any

from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.topology import edge_sets, edge_weights_of_sets, set_weights
from ostrdet.models.weightings.base import MixWeights, Weighting
from ostrdet.registry import WEIGHTINGS
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellSpec


@WEIGHTINGS.register_module()
class TopologyWeighting(Weighting):
    """Softmax of beta / tau over the sets of edges that a node may keep; an edge has the sum of its sets.

    Operations are weighted by softmax(alpha / (s tau)), so that they are decided before the edges are.

    Args:
        tau: Temperature T, positive: a number, or a schedule such as
            ``dict(type='ExponentialToLast', start=10, end=0.02)``.
        op_scale: s, positive; 1e-3 in the reference.
        edge_norm: Whether edges have weights at all.

    Raises:
        InvalidValueError: If a temperature is not positive, or the space keeps all edges of its nodes.
    """

    tau: float

    def __init__(self, tau: Any = 1.0, op_scale: float = 1e-3, edge_norm: bool = True) -> None:
        super().__init__(edge_norm)
        if not op_scale > 0:
            raise InvalidValueError(
                f'model.weighting.op_scale={op_scale}, expected a positive number'
            )
        self.op_scale = op_scale
        self.follow('tau', tau, 'model.weighting.tau', least=1e-3)

    def read_space(self, space: SearchSpace) -> None:
        """Refuse a space whose nodes have nothing to choose."""
        if self.edge_norm and all(
            len(sets) == 1 for spec in space.cells.values() for sets in edge_sets(spec)
        ):
            raise InvalidValueError(
                f'model.weighting: TopologyWeighting chooses edges, but the nodes of '
                f'{type(space).__name__} keep all of theirs; set edge_norm=False, or search another space'
            )

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """Shape (E, O); every row sums to one."""
        return (alphas_EO / (self.op_scale * self.tau)).softmax(dim=-1)

    def num_betas(self, spec: CellSpec) -> int:
        """The number of sets, P."""
        return sum(map(len, edge_sets(spec)))

    def with_edges(self, mix: MixWeights, betas: Tensor, spec: CellSpec) -> MixWeights:
        """The weights of sets and of edges from beta, shape (P,)."""
        weights_P = set_weights(betas, spec, self.tau)
        edge_weights_E = edge_weights_of_sets(weights_P, spec)
        return mix._replace(edge_weights=edge_weights_E, set_weights=weights_P)
