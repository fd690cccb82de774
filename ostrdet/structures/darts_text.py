"""The text form of DARTS: ``Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=...)``.

The text is parsed with :mod:`ast`, never evaluated; the only calls it may hold are ``range(a, b)``, also
in ``list(...)``, and numpy's around a number or a name, as ``np.int64(0)``.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ostrdet.errors import GenotypeError
from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.genotype import MAX_NODES, CellGenotype, is_edge, is_index, short_repr

NAME = 'darts'
FORM = "Genotype(normal=[('op', source), ...], normal_concat=[node, ...], ...)"
_RANGE = re.compile(
    r'(list\(\s*)?range\(\s*(?P<first>[0-9]{1,4})\s*,\s*(?P<end>[0-9]{1,4})\s*\)(?(1)\s*\))'
)
#: Brackets within each other in a genotype, with room: ``Genotype(normal=[('op', np.int64(0))])`` has 4.
DEEPEST = 16
_NUMPY = re.compile(r'\b(?:np|numpy)\.(?:u?int(?:8|16|32|64|p|_|c)?|str_)\(\s*([^()]*?)\s*\)')
_INTEGER = r'\s*(?:(?:np|numpy)\.\w+\()?\s*[0-9]+\s*\)?\s*'
_TRIPLE = re.compile(rf"""['"]\s*\)?\s*,{_INTEGER},{_INTEGER}[)\]]""")
_START = re.compile(r'\b(?:\w+\.)?Genotype\s*\(')
#: What matters to brackets: texts in quotes, comments, brackets.
_TOKEN = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\#[^\n]*|[()\[\]{}]""")


def matches(text: str) -> bool:
    """Whether ``text`` looks like this form."""
    return is_call(text) and not has_triples(text)


def is_call(text: str) -> bool:
    """Whether ``text`` looks like a call of ``Genotype``, whatever its edges are."""
    return text.lstrip().partition('(')[0].strip().endswith('Genotype') or (
        '_concat' in text and '=Genotype(' in text.replace(' ', '')
    )


def has_triples(text: str) -> bool:
    """Whether an edge of a text says where it ends, as ('op', target, source)."""
    return _TRIPLE.search(text) is not None


def find(text: str) -> Iterator[tuple[int, str]]:
    """The genotypes that stand in a longer text, such as a log: where each begins, and its text.

    Examples:
        >>> list(find('epoch 3: genotypes.Genotype(normal=[], normal_concat=[2]), stable'))
        [(9, 'genotypes.Genotype(normal=[], normal_concat=[2])')]
    """
    yield from (item for item in find_calls(text) if not has_triples(item[1]))


def find_calls(text: str) -> Iterator[tuple[int, str]]:
    """As :func:`find`, whatever the edges are."""
    end = 0
    for start in _START.finditer(text):
        if start.start() >= end and (closing := _closing(text, start.end())) is not None:
            end = closing
            if '_concat' in text[start.start() : end]:  # else it is a class of that name
                yield start.start(), text[start.start() : end]


def _closing(text: str, begin: int) -> int | None:
    """The place behind the bracket that closes the one before ``begin``, if it is near the surface."""
    depth = 1
    for token in _TOKEN.finditer(text, begin):
        depth += (token[0] in '([{') - (token[0] in ')]}')
        if depth == 0:
            return token.end()
        if depth > DEEPEST:  # else many that stay open would each be followed to the end
            return None
    return None


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
        GenotypeError: If the text is not of this form, or has other keys than ``specs`` asks for.
    """
    cells = {}
    for name, (edges, output) in read_arguments(text, specs).items():
        edges = expect_edges(name, edges, is_edge, '(operation, source node) pairs')
        expected = sum(map(specs[name].kept, specs[name].nodes))
        if len(edges) != expected:
            raise GenotypeError(
                f"'{name}' has {len(edges)} edges, the space expects {expected} "
                f'({specs[name].num_nodes} nodes)'
            )
        cells[name] = CellGenotype(_by_node(edges, specs[name]), output)
    return cells


def read_arguments(text: str, names: Collection[str]) -> dict[str, tuple[Any, tuple[int, ...]]]:
    """What is given for every cell of ``names``: its edges, still unchecked, and its output.

    Raises:
        GenotypeError: If the text is no call of ``Genotype``, has other keys than ``names`` asks for,
            or an output is no list of nodes.
    """
    arguments = _arguments(text)
    found = sorted(key for key, _ in arguments)
    wanted = sorted(key for name in names for key in (name, f'{name}_concat'))
    if found != wanted:
        raise GenotypeError(f'the genotype text has the keys {found}, this space needs {wanted}')
    sources = dict(arguments)
    read = {}
    for name in names:
        output = _literal(sources[f'{name}_concat'])
        if not (isinstance(output, list | tuple) and all(map(is_index, output))):
            raise GenotypeError(
                f"'{name}_concat' must be a list or a range of nodes, "
                f'got {short_repr(sources[f"{name}_concat"])}'
            )
        edges = _literal(sources[name])
        read[name] = (sources[name] if edges is None else edges, tuple(output))
    return read


def expect_edges(name: str, edges: Any, is_one: Callable[[Any], bool], what: str) -> list[Any]:
    """``edges``, if they are a list whose items are each ``is_one``.

    Raises:
        GenotypeError: If not; ``what`` says what they should be.
    """
    if not (isinstance(edges, list | tuple) and all(map(is_one, edges))):
        raise GenotypeError(f"'{name}' must be a list of {what}, got {short_repr(edges)}")
    return list(edges)


def _arguments(text: str) -> list[tuple[str, str]]:
    """Name and source text of each argument of the one call that ``text`` must be."""
    text = text.strip()
    try:
        statements = ast.parse(text).body
    except (MemoryError, RecursionError, SyntaxError, ValueError) as error:
        reason = str(error) or 'too deeply nested'
        raise GenotypeError(f'malformed genotype text: {reason}; expected {FORM}') from None
    first = statements[0] if len(statements) == 1 else None
    call = first.value if isinstance(first, ast.Assign | ast.Expr) else None
    if not isinstance(call, ast.Call) or not _is_name(call.func) or call.args:
        raise GenotypeError(f'malformed genotype text {short_repr(text)}; expected {FORM}')
    return [(str(k.arg), ast.get_source_segment(text, k.value) or '') for k in call.keywords]


def _is_name(function: ast.expr) -> bool:
    """Whether it is ``Genotype``, also of a module."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.attr == 'Genotype'
    return isinstance(function, ast.Name) and function.id == 'Genotype'


def _literal(source: str) -> Any:
    """The value of a literal or a range; None for anything else."""
    if bounds := _RANGE.fullmatch(source):
        return list(range(int(bounds['first']), min(int(bounds['end']), MAX_NODES + 1)))
    try:
        return ast.literal_eval(_NUMPY.sub(r'\1', source))
    except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        return None


def _by_node(
    edges: Iterable[tuple[str, int]], spec: CellSpec
) -> tuple[tuple[tuple[str, int], ...], ...]:
    rest = iter((op, source) for op, source in edges)
    return tuple(tuple(islice(rest, spec.kept(node))) for node in spec.nodes)
