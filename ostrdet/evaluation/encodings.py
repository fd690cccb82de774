"""How published tables write cells, and the text form that stands for each here."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ostrdet.structures import CellGenotype
from ostrdet.structures.darts_text import format_cells

#: Operations of NAS-Bench-201 by the numbers of NASLib.
NASLIB_NB201 = ('skip_connect', 'none', 'nor_conv_3x3', 'nor_conv_1x1', 'avg_pool_3x3')
#: Where the six edges in the order of NASLib, 1<-0, 2<-0, 3<-0, 2<-1, 3<-1, 3<-2, stand in the text.
NASLIB_PLACES = (0, 1, 3, 2, 4, 5)
#: Operations of the DARTS space by the numbers of NASLib.
NASLIB_DARTS = (
    'max_pool_3x3',
    'avg_pool_3x3',
    'skip_connect',
    'sep_conv_3x3',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'dil_conv_5x5',
)
#: Operations of TransNAS-Bench-101, micro, by their digits.
TRANSNAS = ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3')
DARTS_CELLS = ('normal', 'reduce')
#: Edges that a node of the DARTS space keeps, and its inputs.
KEPT, INPUTS = 2, 2


def nb201_text(ops: Sequence[str]) -> str:
    """The text of a cell of six edges, 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2.

    Examples:
        >>> nb201_text('abcdef')
        '|a~0|+|b~0|c~1|+|d~0|e~1|f~2|'
    """
    a, b, c, d, e, f = ops
    return f'|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|'


def from_transnas(digits: str) -> str:
    """The text of a cell of TransNAS-Bench-101, micro.

    Examples:
        >>> from_transnas('301200')
        '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|none~2|'
    """
    return nb201_text([TRANSNAS[int(digit)] for digit in digits])


def from_naslib_nb201(numbers: str) -> str:
    """The text of a cell of NAS-Bench-201 that NASLib numbers.

    Examples:
        >>> from_naslib_nb201('(2, 1, 0, 3, 4, 1)')
        '|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|none~2|'
    """
    ops = [''] * len(NASLIB_PLACES)
    for place, number in zip(NASLIB_PLACES, ast.literal_eval(numbers), strict=True):
        ops[place] = NASLIB_NB201[number]
    return nb201_text(ops)


def from_naslib_darts(numbers: str) -> str:
    """The text of a genotype of the DARTS space that NASLib numbers: pairs (input, operation)."""
    cells = {}
    for name, pairs in zip(DARTS_CELLS, ast.literal_eval(numbers), strict=True):
        cells[name] = [(NASLIB_DARTS[op], source) for source, op in pairs]
    return from_pairs(cells)


def from_pairs(edges: Mapping[str, Sequence[Sequence[Any]]]) -> str:
    """The text of a genotype of the DARTS space whose nodes keep two edges each, and are all put out.

    Args:
        edges: Pairs (operation, input) of the cells ``normal`` and ``reduce``, node by node.
    """
    cells = {}
    for name in DARTS_CELLS:
        pairs = [(str(op), int(source)) for op, source in edges[name]]
        nodes = tuple(tuple(pairs[i : i + KEPT]) for i in range(0, len(pairs), KEPT))
        cells[name] = CellGenotype(nodes, tuple(range(INPUTS, INPUTS + len(nodes))))
    return format_cells(cells)


_PAIR = r'\(\d,\d\)'
_CELL = rf'[(\[]{_PAIR}(?:,{_PAIR}){{7}}[)\]]'
#: By pattern of the text without white space, what reads it.
ENCODINGS: Mapping[str, Callable[[str], str]] = {
    r'\([0-4](,[0-4]){5}\)': from_naslib_nb201,
    rf'[(\[]{_CELL},{_CELL}[)\]]': from_naslib_darts,
    r'[0-3]{6}': from_transnas,
}


def decoded(texts: Iterable[str]) -> list[str]:
    """The cells of one table in their text forms; what is in no known encoding stays as it is.

    Digits are read as those of a space if all cells of the table have six: other tables of digits have
    longer cells, or some of another length.
    """
    bare = [''.join(text.split()) for text in texts]
    digits = r'[0-3]{6}'
    all_digits = all(re.fullmatch(digits, text) for text in bare)
    known = {p: read for p, read in ENCODINGS.items() if p != digits or all_digits}
    return [_decoded(text, known) for text in bare]


def _decoded(text: str, known: Mapping[str, Callable[[str], str]]) -> str:
    for pattern, read in known.items():
        if re.fullmatch(pattern, text):
            return ''.join(read(text).split())
    return text
