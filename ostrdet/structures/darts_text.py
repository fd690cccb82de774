"""The text form of DARTS: ``Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=...)``.

The text is parsed with :mod:`ast`, never evaluated; ``range(a, b)`` is the only call it may hold.
"""

import ast
from collections.abc import Mapping
from typing import Any

from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.genotype import CellGenotype, GenotypeError

NAME = 'darts'
MAX_NODES = 64


def matches(text: str) -> bool:
    """Whether ``text`` looks like this form."""
    return text.lstrip().partition('(')[0].strip().endswith('Genotype') or (
        '_concat' in text and '=Genotype(' in text.replace(' ', '')
    )


def format_cells(cells: Mapping[str, CellGenotype]) -> str:
    """Write the cells on one line, in the order that ``cells`` has.

    Examples:
        >>> format_cells({'normal': CellGenotype(nodes=((('none', 0),),), output=(2,))})
        "Genotype(normal=[('none', 0)], normal_concat=[2])"
    """
    parts = []
    for name, cell in cells.items():
        pairs = [edge for node in cell.nodes for edge in node]
        parts.append(f'{name}={pairs}, {name}_concat={list(cell.output)}')
    return f'Genotype({", ".join(parts)})'


def parse_cells(text: str, specs: Mapping[str, CellSpec]) -> dict[str, CellGenotype]:
    """Read the cells that ``specs`` describes.

    Raises:
        GenotypeError: If the text is not of this form, or lacks a cell of ``specs``.
    """
    values = _keywords(text)
    wanted = {key for name in specs for key in (name, f'{name}_concat')}
    if set(values) != wanted:
        raise GenotypeError(
            f'the genotype text has the keys {sorted(values)}, this space needs {sorted(wanted)}'
        )
    return {
        name: CellGenotype(
            _group(name, values[name], spec), tuple(map(int, values[f'{name}_concat']))
        )
        for name, spec in specs.items()
    }


def _keywords(text: str) -> dict[str, Any]:
    try:
        statement = ast.parse(text.strip()).body[0]
        call = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError('expected Genotype(normal=[...], normal_concat=[...], ...)')
        return {str(keyword.arg): _literal(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, IndexError, TypeError, RecursionError) as error:
        raise GenotypeError(f'malformed genotype text: {error}') from None


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'range':
        return list(range(*(int(ast.literal_eval(arg)) for arg in node.args))[:MAX_NODES])
    return ast.literal_eval(node)


def _group(name: str, pairs: Any, spec: CellSpec) -> tuple[tuple[tuple[str, int], ...], ...]:
    try:
        edges = [(str(op), int(source)) for op, source in pairs]
    except (TypeError, ValueError):
        raise GenotypeError(
            f"'{name}' must be a list of (operation, source node) pairs, got {pairs!r}"
        ) from None
    nodes, start = [], 0
    for node in spec.nodes:
        nodes.append(tuple(edges[start : start + spec.kept(node)]))
        start += spec.kept(node)
    if start != len(edges):
        raise GenotypeError(
            f"'{name}' has {len(edges)} edges, the space expects {start} ({spec.num_nodes} nodes)"
        )
    return tuple(nodes)
