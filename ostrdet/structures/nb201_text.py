"""The text form of NAS-Bench-201: ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from ostrdet.errors import GenotypeError
from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.genotype import CellGenotype, short_repr

NAME = 'nb201'
_EDGE = re.compile(r'(\w+)~([0-9]{1,3})')

_NODE = r'\|(?:[^|~+\s]+~[0-9]+\|)+'
#: People break the text between its nodes.
_CELL = re.compile(rf'{_NODE}(?:\s*\+\s*{_NODE})*')


def matches(text: str) -> bool:
    """Whether ``text`` looks like this form."""
    return text.lstrip().startswith('|')


def find(text: str) -> Iterator[tuple[int, str]]:
    """The cells that stand in a longer text, such as a log: where each begins, and its text.

    Examples:
        >>> list(find('Structure(2 nodes with |none~0|)'))
        [(23, '|none~0|')]
    """
    yield from ((found.start(), found[0]) for found in _CELL.finditer(text))


def format_cells(cells: Mapping[str, CellGenotype]) -> str:
    """Write the only cell of ``cells``, the edges of a node by source.

    Raises:
        GenotypeError: If there is more than one cell type.

    Examples:
        >>> format_cells({'cell': CellGenotype(nodes=((('none', 0),),), output=(1,))})
        '|none~0|'
    """
    if len(cells) != 1:
        raise GenotypeError(
            f"the form '{NAME}' holds one cell type, this genotype has {sorted(cells)}"
        )
    (cell,) = cells.values()
    return '+'.join(map(_format_node, cell.nodes))


def parse_cells(text: str, specs: Mapping[str, CellSpec]) -> dict[str, CellGenotype]:
    """Read the cell of a space with a single cell type, the edges of a node sorted by source.

    Raises:
        GenotypeError: If the text is not of this form.
    """
    if len(specs) != 1:
        raise GenotypeError(f"the form '{NAME}' holds one cell type, the space has {sorted(specs)}")
    ((name, spec),) = specs.items()
    nodes = tuple(_parse_node(node.strip(), text) for node in text.split('+'))
    return {name: CellGenotype(nodes, spec.output)}


def _format_node(node: Sequence[tuple[str, int]]) -> str:
    return '|' + ''.join(f'{op}~{source}|' for op, source in sorted(node, key=itemgetter(1)))


def _parse_node(node: str, text: str) -> tuple[tuple[str, int], ...]:
    found = [_EDGE.fullmatch(edge) for edge in node[1:-1].split('|')]
    if not (node.startswith('|') and node.endswith('|') and all(found)):
        raise GenotypeError(
            f'malformed genotype text at {short_repr(node)} in {short_repr(text.strip())}; '
            "expected '|op~0|+|op~0|op~1|+|op~0|op~1|op~2|'"
        )
    edges = [(match[1], int(match[2])) for match in found if match]
    return tuple(sorted(edges, key=itemgetter(1)))
