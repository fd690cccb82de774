"""The step from scores to a genotype."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor

from ostrdet.spaces import SearchSpace
from ostrdet.structures import Genotype


class Derivation(ABC):
    """Chooses the edges and operations of the derived cells by their scores.

    Attributes:
        needs_probability: Whether scores have to be weights in [0, 1].
    """

    needs_probability = False

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
