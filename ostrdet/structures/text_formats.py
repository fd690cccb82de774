"""The published text forms of genotypes, by name."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from ostrdet.structures import darts_text, nb201_text, sparse_darts_text
from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.genotype import CellGenotype


class TextFormat(Protocol):
    """What a text form has to offer; the modules of this folder do."""

    NAME: str

    def matches(self, text: str) -> bool:
        """Whether ``text`` looks like this form."""

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """The genotypes that stand in a longer text: where each begins, and its text."""

    def format_cells(self, cells: Mapping[str, CellGenotype]) -> str:
        """Cells to text."""

    def parse_cells(self, text: str, specs: Mapping[str, CellSpec]) -> dict[str, CellGenotype]:
        """Text to cells."""


TEXT_FORMATS: dict[str, TextFormat] = {
    darts_text.NAME: darts_text,
    sparse_darts_text.NAME: sparse_darts_text,
    nb201_text.NAME: nb201_text,
}


def find_texts(text: str) -> dict[str, int]:
    """The different genotypes of any form in a longer text, with the line of each, from 1.

    Examples:
        >>> find_texts('first |none~0|, then again |none~0|')
        {'|none~0|': 1}
    """
    found: dict[str, int] = {}
    for start, genotype in sorted(
        item for form in TEXT_FORMATS.values() for item in form.find(text)
    ):
        if genotype not in found:
            found[genotype] = text.count('\n', 0, start) + 1
    return found
