"""Operations that compete within groups alone (DOTS)."""

from collections.abc import Sequence

from torch import Tensor

from ostrdet.kernels.topology import grouped_softmax
from ostrdet.models.weightings.base import Weighting
from ostrdet.models.weightings.groups import Groups, op_groups
from ostrdet.registry import WEIGHTINGS
from ostrdet.spaces import SearchSpace


@WEIGHTINGS.register_module()
class GroupSoftmaxWeighting(Weighting):
    """p = softmax(alpha) within every group of an edge, so that its weights sum to their number.

    Args:
        groups: The operations of every group; None for two, those with parameters and the others.
        edge_norm: As in :class:`Weighting`.
    """

    def __init__(
        self, groups: Sequence[Sequence[str]] | None = None, edge_norm: bool = False
    ) -> None:
        super().__init__(edge_norm)
        self.names, self.mixtures = groups, None

    def read_space(self, space: SearchSpace) -> None:
        """Find the groups among the operations of the space."""
        self.mixtures = op_groups(self.names, space.ops)

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """Shape (E, O)."""
        whole: Groups = (tuple(range(alphas_EO.shape[-1])),)
        return grouped_softmax(alphas_EO, self.mixtures or whole)
