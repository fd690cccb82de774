"""Operations of a certain weight, on any number of edges: the rule of FairDARTS."""

from collections.abc import Mapping

from torch import Tensor

from ostrdet.errors import InvalidValueError, NothingSelectedError
from ostrdet.registry import DERIVATIONS
from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.top_edges import Ranking, rankings
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, Genotype
from ostrdet.structures.genotype import without_dead_nodes


@DERIVATIONS.register_module()
class Threshold(Derivation):
    """A node keeps its strongest edges if their best operation has at least a certain weight.

    A node that keeps none is no state of the cell, and edges that read it are dropped. The space must
    allow any number of inputs.

    Args:
        least: Least weight that is kept, in (0, 1); 0.85 in the reference.
        max_edges: Edges that a node keeps at most.

    Raises:
        InvalidValueError: If an argument is out of its range.
    """

    needs_probability = True

    def __init__(self, least: float = 0.85, max_edges: int = 2) -> None:
        if not 0 < least < 1:
            raise InvalidValueError(
                f'derivation.least={least}, expected a weight between 0 and 1, such as 0.85'
            )
        self.least = least
        super().__init__(max_edges)

    def __call__(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: Mapping[str, Tensor | None] | None = None,
        tie_rtol: float = 0.0,
    ) -> Genotype:
        """As in :class:`Derivation`.

        Raises:
            NothingSelectedError: If a cell would be left without any operation.
        """
        ranked = rankings(space, scores, edge_weights, tie_rtol)
        cells = {name: self._cell(space, name, ranking) for name, ranking in ranked.items()}
        genotype = Genotype(space.to_config(), cells)
        space.validate(genotype)
        return genotype

    def _cell(self, space: SearchSpace, name: str, ranking: Ranking) -> CellGenotype:
        spec = space.cells[name]
        nodes = [
            [
                (ranking.ops[e], spec.edges[e].source)
                for e in ranking.kept(node, self.max_edges)
                if ranking.best[e] >= self.least
            ]
            for node in spec.nodes
        ]
        cell = without_dead_nodes(nodes, spec.output, spec.num_inputs)
        if not cell.output:
            raise NothingSelectedError(
                f"derivation: no operation of cell '{name}' has the weight {self.least}; the highest is "
                f'{max(ranking.best):.3g}. Search longer, or lower default_hooks.selector.derivation.least'
            )
        return cell
