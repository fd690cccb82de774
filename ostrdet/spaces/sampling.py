"""Single cells of a space: which let nothing through, and the weights that compute them."""

from ostrdet.spaces.base import NONE, SearchSpace
from ostrdet.structures import Genotype


def has_path(space: SearchSpace, genotype: Genotype) -> bool:
    """Whether every cell has a path from an input to its output.

    Examples:
        >>> from ostrdet.spaces import NASBench201Space
        >>> space = NASBench201Space(num_nodes=2)
        >>> has_path(space, space.parse('|skip_connect~0|+|none~0|none~1|'))
        False
    """
    for name, spec in space.cells.items():
        cell, reached = genotype.cells[name], set(range(spec.num_inputs))
        for node, edges in zip(spec.nodes, cell.nodes, strict=True):
            if any(op != NONE and source in reached for op, source in edges):
                reached.add(node)
        if reached.isdisjoint(cell.output):
            return False
    return True


def one_hot_rows(space: SearchSpace, genotype: Genotype) -> dict[str, list[list[float]]]:
    """Weights of operations under which a supernet computes a genotype; (E, O) by cell type."""
    found = {}
    for name, spec in space.cells.items():
        rows = [[0.0] * len(space.ops) for _ in spec.edges]
        for node, edges in zip(spec.nodes, genotype.cells[name].nodes, strict=True):
            for op, source in edges:
                rows[spec.incoming(node)[source]][space.ops.index(op)] = 1.0
        found[name] = rows
    return found
