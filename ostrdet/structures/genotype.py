"""A genotype: the cells that a search chose, and where they came from."""

import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostrdet.errors import GenotypeError

#: More than any cell has; larger numbers are refused where a genotype is read.
MAX_NODES = 1000

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 120
#: ``repr`` for messages about values of any size.
short_repr = _REPR.repr


@dataclass(frozen=True)
class CellGenotype:
    """One derived cell.

    Attributes:
        nodes: For every intermediate node in order, its incoming edges as (operation, source node).
        output: Nodes whose states are concatenated to the cell's output.
    """

    nodes: tuple[tuple[tuple[str, int], ...], ...]
    output: tuple[int, ...]


def without_dead_nodes(
    nodes: Iterable[Iterable[tuple[str, int]]], output: Iterable[int], num_inputs: int
) -> CellGenotype:
    """The cell without the edges, and the places in the output, that read a node without inputs.

    A node whose edges all leave is without inputs, too.

    Args:
        nodes: As in :class:`CellGenotype`, as is the next one.
        output: Nodes that are put out.
        num_inputs: Inputs of the cell: the numbers of its nodes begin behind them.

    Examples:
        >>> without_dead_nodes([[], [('a', 2)], [('b', 0), ('c', 3)]], [2, 3, 4], num_inputs=2)
        CellGenotype(nodes=((), (), (('b', 0),)), output=(4,))
    """
    dead: set[int] = set()
    kept = []
    for node, edges in enumerate(nodes, start=num_inputs):
        kept.append(tuple((op, source) for op, source in edges if source not in dead))
        if not kept[-1]:
            dead.add(node)
    return CellGenotype(tuple(kept), tuple(node for node in output if node not in dead))


@dataclass(frozen=True)
class Genotype:
    """The chosen cells of one space.

    Attributes:
        space: Config of the search space (a dict with ``type``), as in ``model.supernet.space``.
        cells: The chosen cell of each cell type.
        provenance: Where it came from (config, seed, epoch, source, versions); plain JSON values.
            Does not take part in comparisons.
    """

    space: Mapping[str, Any]
    cells: Mapping[str, CellGenotype]
    provenance: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def origin(self) -> str:
        """Where it came from, in a line.

        Examples:
            >>> found = {'criterion': 'Magnitude', 'epoch': 50, 'seed': 1, 'config': 'a.py'}
            >>> Genotype({}, {}, found).origin
            'chosen by Magnitude after epoch 50 of a.py, seed 1'
        """
        found = self.provenance
        if found.get('source'):
            return str(found['source'])
        parts = (
            ('chosen by', found.get('criterion')),
            ('after epoch', found.get('epoch')),
            ('of', found.get('config')),
        )
        text = ' '.join(f'{word} {value}' for word, value in parts if value not in (None, ''))
        seed = None if found.get('seed') is None else f'seed {found["seed"]}'
        return ', '.join(filter(None, (text, seed))) or 'no source given'

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, without checksum; :meth:`from_dict` reads them back."""
        cells = {
            name: {
                'nodes': [[list(edge) for edge in node] for node in cell.nodes],
                'output': list(cell.output),
            }
            for name, cell in self.cells.items()
        }
        return {'space': dict(self.space), 'cells': cells, 'provenance': dict(self.provenance)}

    @classmethod
    def from_dict(cls, data: Any) -> 'Genotype':
        """Read what :meth:`to_dict` wrote.

        Raises:
            GenotypeError: With the key that is missing or has a wrong value, the value, and what
                was expected.
        """
        data = expect(data, Mapping, 'genotype', "a dict with the keys 'space' and 'cells'")
        space = expect(data.get('space'), Mapping, 'space', "a dict with the key 'type'")
        expect(space.get('type'), str, 'space.type', 'the name of a search space')
        cells = expect(data.get('cells'), Mapping, 'cells', 'a dict of the cells by cell type')
        if not cells:
            raise GenotypeError("'cells' is empty, expected at least one cell")
        provenance = expect(data.get('provenance') or {}, Mapping, 'provenance', 'a dict')
        read = {str(name): _read_cell(cell, f'cells.{name}') for name, cell in cells.items()}
        return cls(dict(space), read, dict(provenance))


def is_index(value: Any) -> bool:
    """Whether ``value`` can be the number of a node: an int in [0, ``MAX_NODES``), and no bool."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_NODES


def is_edge(value: Any) -> bool:
    """Whether ``value`` is a pair of an operation's name and the number of a source node."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and is_index(value[1])
    )


def expect(value: Any, kind: Any, key: str, expected: str) -> Any:
    """``value``, if it is of ``kind``.

    Raises:
        GenotypeError: With the key, what was found and what was expected.
    """
    if not isinstance(value, kind):
        found = 'missing' if value is None else short_repr(value)
        raise GenotypeError(f"'{key}' is {found}, expected {expected}")
    return value


def _read_cell(data: Any, key: str) -> CellGenotype:
    cell = expect(data, Mapping, key, "a dict with the keys 'nodes' and 'output'")
    nodes = expect(cell.get('nodes'), list | tuple, f'{key}.nodes', 'a list with a list per node')
    output = expect(cell.get('output'), list | tuple, f'{key}.output', 'a list of node numbers')
    if not all(map(is_index, output)):
        found = short_repr(list(output))
        raise GenotypeError(f"'{key}.output' is {found}, expected a list of node numbers")
    read = (_read_node(node, f'{key}.nodes[{index}]') for index, node in enumerate(nodes))
    return CellGenotype(tuple(read), tuple(output))


def _read_node(data: Any, key: str) -> tuple[tuple[str, int], ...]:
    expected = 'a list of [operation, source node]'
    edges = expect(data, list | tuple, key, expected)
    if not all(map(is_edge, edges)):
        raise GenotypeError(f"'{key}' is {short_repr(list(edges))}, expected {expected}")
    return tuple((op, source) for op, source in edges)
