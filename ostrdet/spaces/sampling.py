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
    return all(any(counts_E) for counts_E in paths_through(space, genotype).values())


def paths_through(space: SearchSpace, genotype: Genotype) -> dict[str, list[int]]:
    """By cell type, how many paths from an input of the cell to its output go through every edge.

    An edge with the operation 'none', or that the genotype does not keep, has none. Of cells that put
    out several nodes, paths to different ones are different.

    Examples:
        >>> from ostrdet.spaces import NASBench201Space
        >>> space = NASBench201Space(num_nodes=2)
        >>> paths_through(space, space.parse('|skip_connect~0|+|none~0|skip_connect~1|'))
        {'cell': [1, 0, 1]}
    """
    found = {}
    for name, spec in space.cells.items():
        cell = genotype.cells[name]
        open_edges = [
            (source, node)
            for node, edges in zip(spec.nodes, cell.nodes, strict=True)
            for op, source in edges
            if op != NONE
        ]
        into = [int(node < spec.num_inputs) for node in range(spec.num_inputs + spec.num_nodes)]
        out = [int(node in cell.output) for node in range(len(into))]
        for source, node in open_edges:
            into[node] += into[source]
        for source, node in reversed(open_edges):
            out[source] += out[node]
        found[name] = [
            into[edge.source] * out[edge.target] * ((edge.source, edge.target) in open_edges)
            for edge in spec.edges
        ]
    return found


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
