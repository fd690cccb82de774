"""Every node keeps the set of edges of the greatest weight (DOTS)."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.topology import edge_sets
from ostrdet.registry import DERIVATIONS
from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.top_edges import Ranking, rankings
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, Genotype


@DERIVATIONS.register_module()
class BestSets(Derivation):
    """Keeps the best set of edges of a node, in DARTS a pair, by the weights of ``TopologyWeighting``.

    Each edge takes its best operation. Of equal sets the first in lexical order stays. Where there are
    no weights of sets, as for criteria that rank edges by their scores, it is :class:`TopEdges`.
    """

    ranks_sets = True

    def __call__(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: Mapping[str, Tensor | None] | None = None,
        tie_rtol: float = 0.0,
    ) -> Genotype:
        """As in :class:`Derivation`; ``edge_weights`` are those of the sets, shape (P,)."""
        cells = {}
        for name, ranking in rankings(space, scores, None, tie_rtol).items():
            weights_P = (edge_weights or {}).get(name)
            if weights_P is None:
                cells[name] = ranking.cell(space.cells[name], self.max_edges)
            else:
                cells[name] = _cell(name, ranking, weights_P.tolist())
        genotype = Genotype(space.to_config(), cells)
        space.validate(genotype)
        return genotype


def _cell(name: str, ranking: Ranking, weights: Sequence[float]) -> CellGenotype:
    spec, by_node = ranking.spec, edge_sets(ranking.spec)
    if len(weights) != (count := sum(map(len, by_node))):
        raise InvalidValueError(
            f"cell '{name}' has {count} sets of edges, but there are {len(weights)} weights"
        )
    left, nodes = iter(weights), []
    for sets in by_node:
        weighted = [(next(left), edges) for edges in sets]
        _, best = max(weighted, key=lambda item: item[0])
        nodes.append(tuple((ranking.ops[edge], spec.edges[edge].source) for edge in best))
    return CellGenotype(tuple(nodes), spec.output)
