"""The step from scores to a genotype."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import SPACES
from ostrdet.spaces import SearchSpace
from ostrdet.structures import Genotype
from ostrdet.structures.budget_front import FrontPoint
from ostrdet.structures.cell_costs import CostCounter


class Derivation(ABC):
    """Chooses the edges and operations of the derived cells by their scores.

    Args:
        max_edges: Edges that a node keeps at most, in a space that leaves their number open; None for
            all that the space keeps.

    Attributes:
        needs_probability: Whether scores have to be weights in [0, 1].
        ranks_sets: Whether ``edge_weights`` are those of the sets of edges that a node may keep.

    Raises:
        InvalidValueError: If ``max_edges`` is below one.
    """

    needs_probability = False
    ranks_sets = False

    def __init__(self, max_edges: int | None = None) -> None:
        if max_edges is not None and max_edges < 1:
            raise InvalidValueError(f'derivation.max_edges={max_edges}, expected at least 1')
        self.max_edges = max_edges

    def check_space(self, space: SearchSpace) -> None:
        """Refuse spaces whose nodes keep a fixed number of edges, where this one would choose it.

        Raises:
            InvalidValueError: If it would.
        """
        if self.max_edges is not None and not space.variable_in_degree:
            SPACES.import_from_location()
            open_ones = [n for n, kind in SPACES.module_dict.items() if kind.variable_in_degree]
            raise InvalidValueError(
                f'default_hooks.selector.derivation: {type(self).__name__} chooses how many edges a '
                f'node keeps, which {type(space).__name__} fixes; use the space '
                f"{' or '.join(open_ones)}, or derivation=dict(type='TopEdges')"
            )

    def prepare(self, space: SearchSpace, count: CostCounter) -> None:
        """Count what genotypes cost, if the derivation needs it; called once before the first choice.

        Args:
            space: The search space.
            count: Counts the costs of its networks.
        """
        return

    def front(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: Mapping[str, Tensor | None] | None = None,
        tie_rtol: float = 0.0,
    ) -> list[FrontPoint]:
        """What every budget chooses; none of a derivation without one. Arguments as in the call."""
        return []

    @abstractmethod
    def __call__(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: Mapping[str, Tensor | None] | None = None,
        tie_rtol: float = 0.0,
    ) -> Genotype:
        """The cells of ``space`` that the scores choose.

        Args:
            space: Says which operations are selectable and how many edges a node keeps.
            scores: By cell type, higher is kept. Shape (E, O) each. Operations that the space never
                selects on an edge may have any score.
            edge_weights: By cell type, shape (E,), or None for no weights. For criteria with
                ``uses_edge_weights`` alone.
            tie_rtol: Scores within this relative distance of the best one tie with it.

        Returns:
            A genotype of ``space``, without provenance.

        Raises:
            InvalidValueError: If a cell type is missing or unknown, a shape does not fit the space, or
                a number that takes part in the ranking is not finite.
        """
