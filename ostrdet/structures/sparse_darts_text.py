"""The text form of FairDARTS: ``Genotype(normal=[('sep_conv_3x3', 2, 0), ...], normal_concat=...)``.

Every edge says where it ends, since a node may have any number of them. Else it is the form of DARTS,
and read in the same way.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ostrdet.errors import GenotypeError
from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.darts_text import (
    expect_edges,
    find_calls,
    has_triples,
    is_call,
    read_arguments,
)
from ostrdet.structures.genotype import CellGenotype, is_edge, is_index, without_dead_nodes

NAME = 'sparse-darts'
#: Inputs of a cell: the numbers of its nodes begin behind them.
INPUTS = 2


def matches(text: str) -> bool:
    """Whether ``text`` looks like this form."""
    return is_call(text) and has_triples(text)


def find(text: str) -> Iterator[tuple[int, str]]:
    """The genotypes that stand in a longer text, such as a log: where each begins, and its text.

    Examples:
        >>> list(find("epoch 3: Genotype(normal=[('a', 2, 0)], normal_concat=[2]), stable"))
        [(9, "Genotype(normal=[('a', 2, 0)], normal_concat=[2])")]
    """
    yield from (item for item in find_calls(text) if has_triples(item[1]))


def format_cells(cells: Mapping[str, CellGenotype]) -> str:
    """Write the cells on one line, in the order that ``cells`` has; each has two inputs.

    Examples:
        >>> format_cells({'normal': CellGenotype(nodes=((), (('a', 0),)), output=(3,))})
        "Genotype(normal=[('a', 3, 0)], normal_concat=[3])"
    """
    parts = []
    for name, cell in cells.items():
        nodes = enumerate(cell.nodes, start=INPUTS)
        edges = [(op, target, source) for target, node in nodes for op, source in node]
        parts.append(f'{name}={edges}, {name}_concat={list(cell.output)}')
    return f'Genotype({", ".join(parts)})'


def parse_cells(text: str, specs: Mapping[str, CellSpec]) -> dict[str, CellGenotype]:
    """Read the cells that ``specs`` describes.

    Texts are published with edges that read a node without inputs, and with such nodes in the output;
    the networks of FairDARTS leave both out, and so does this.

    Raises:
        GenotypeError: If the text is not of this form, has other keys than ``specs`` asks for, or an
            edge ends where there is no node.
    """
    cells = {}
    for name, (edges, output) in read_arguments(text, specs).items():
        triples = expect_edges(name, edges, _is_triple, '(operation, target, source node) triples')
        nodes = _by_target(name, triples, specs[name])
        cells[name] = without_dead_nodes(nodes, output, INPUTS)
    return cells


def _is_triple(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 3
        and is_index(value[1])
        and is_edge((value[0], value[2]))
    )


def _by_target(name: str, triples: list[Any], spec: CellSpec) -> list[list[tuple[str, int]]]:
    """The edges of every node, in the order of the text."""
    if spec.num_inputs != INPUTS:
        raise GenotypeError(
            f"the form '{NAME}' is of cells with {INPUTS} inputs, '{name}' has {spec.num_inputs}"
        )
    nodes: list[list[tuple[str, int]]] = [[] for _ in spec.nodes]
    for op, target, source in triples:
        if target not in spec.nodes:
            raise GenotypeError(
                f"'{name}' has an edge that ends in node {target}, expected one of "
                f'{spec.nodes.start}..{spec.nodes.stop - 1}'
            )
        nodes[target - INPUTS].append((op, source))
    return nodes
