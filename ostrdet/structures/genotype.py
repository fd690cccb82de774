"""A genotype: the cells that a search chose, and where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class GenotypeError(ValueError):
    """A genotype that is malformed, damaged, or does not belong to the space it is used in."""


@dataclass(frozen=True)
class CellGenotype:
    """One derived cell.

    Attributes:
        nodes: For every intermediate node in order, its incoming edges as (operation, source node).
        output: Nodes whose states are concatenated to the cell's output.
    """

    nodes: tuple[tuple[tuple[str, int], ...], ...]
    output: tuple[int, ...]


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
            GenotypeError: If a key is missing or a value has the wrong form.
        """
        try:
            cells = {str(name): _read_cell(cell) for name, cell in data['cells'].items()}
            space, provenance = dict(data['space']), dict(data.get('provenance') or {})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise GenotypeError(
                f"malformed genotype ({type(error).__name__}: {error}); expected {{'space': "
                "{'type': ...}, 'cells': {name: {'nodes': [[[op, source], ...], ...], 'output': "
                '[node, ...]}}}'
            ) from None
        if not cells or not isinstance(space.get('type'), str):
            raise GenotypeError("malformed genotype: 'space' needs a 'type' and 'cells' a cell")
        return cls(space, cells, provenance)


def _read_cell(data: Mapping[str, Any]) -> CellGenotype:
    nodes = tuple(tuple((op, source) for op, source in node) for node in data['nodes'])
    output = tuple(data['output'])
    for op, source in (edge for node in nodes for edge in node):
        if not isinstance(op, str) or not _is_index(source):
            raise ValueError(f'[{op!r}, {source!r}] is not [operation name, node number]')
    if not all(map(_is_index, output)):
        raise ValueError(f"'output' must hold node numbers, got {list(output)}")
    return CellGenotype(nodes, output)


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
