"""A derived cell as a graph: numbered nodes, edges with their operation."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import pydot

from ostrdet.spaces import build_space
from ostrdet.structures import CellGenotype, CellSpec, Genotype

_SUBSCRIPT = str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉')
OUTPUT_NAME = 'cₖ'


def node_names(spec: CellSpec) -> list[str]:
    """What the nodes of a cell are called: their numbers, as in the text of a genotype.

    Several inputs are also the outputs of the cells before, cₖ₋₂ and cₖ₋₁.

    Examples:
        >>> node_names(CellSpec(num_inputs=2, num_nodes=2, output=(2, 3)))
        ['0: cₖ₋₂', '1: cₖ₋₁', '2', '3']
    """
    numbers = [str(node) for node in range(spec.num_states)]
    if spec.num_inputs == 1:
        return numbers
    before = (str(spec.num_inputs - node) for node in range(spec.num_inputs))
    inputs = [f'{node}: cₖ₋{number.translate(_SUBSCRIPT)}' for node, number in enumerate(before)]
    return inputs + numbers[spec.num_inputs :]


def edge_name(source: int, target: int) -> str:
    """An edge as text, such as '1 → 2'."""
    return f'{source} → {target}'


def cell_graph(
    spec: CellSpec, cell: CellGenotype, previous: CellGenotype | None = None
) -> nx.MultiDiGraph:
    """The graph of a cell.

    Nodes are numbers; their attribute ``label`` is their name, ``is_input`` and ``is_output`` say what
    they are. Edges have ``op``, the operation's name, or '' where a state is only handed to the
    output; ``changed``; and ``was``, the operation before or None.

    Args:
        spec: The shape of the cell.
        cell: The derived cell.
        previous: The cell of the epoch before; edges that it lacks are marked as changed.
    """
    graph = nx.MultiDiGraph()
    ends_itself = cell.output == (spec.num_states - 1,)
    for node, name in enumerate(node_names(spec)):
        is_output = ends_itself and node in cell.output
        graph.add_node(node, label=name, is_input=node < spec.num_inputs, is_output=is_output)
    for node, edges, before in zip(spec.nodes, cell.nodes, _before(spec, previous), strict=True):
        for op, source in edges:
            changed = before is not None and (op, source) not in before
            was = {s: o for o, s in before or ()}.get(source) if changed else None
            graph.add_edge(source, node, op=op, changed=changed, was=was)
    if not ends_itself:
        graph.add_node(spec.num_states, label=OUTPUT_NAME, is_input=False, is_output=True)
        for node in cell.output:
            graph.add_edge(node, spec.num_states, op='', changed=False, was=None)
    return graph


def _before(
    spec: CellSpec, previous: CellGenotype | None
) -> tuple[tuple[tuple[str, int], ...] | None, ...]:
    return (None,) * spec.num_nodes if previous is None else previous.nodes


def genotype_graphs(
    genotype: Genotype, previous: Genotype | None = None
) -> Mapping[str, nx.MultiDiGraph]:
    """The graph of every cell, by cell type; ``previous`` as in :func:`cell_graph`."""
    return {
        name: cell_graph(spec, genotype.cells[name], previous.cells[name] if previous else None)
        for name, spec in build_space(genotype.space).cells.items()
    }


def to_dot(genotype: Genotype) -> str:
    """All cells in the language of Graphviz, each as a cluster."""
    dot: Any = pydot.Dot('genotype', graph_type='digraph', rankdir='TB')
    for name, graph in genotype_graphs(genotype).items():
        cluster = pydot.Cluster(name, label=name)
        for node, facts in graph.nodes.items():
            shape = 'box' if facts['is_input'] or facts['is_output'] else 'circle'
            cluster.add_node(pydot.Node(f'{name}_{node}', label=facts['label'], shape=shape))
        for source, target, op in graph.edges(data='op'):
            edge = pydot.Edge(f'{name}_{source}', f'{name}_{target}', label=op)
            cluster.add_edge(edge)
        dot.add_subgraph(cluster)
    text: str = dot.to_string()
    return text
