"""The published text forms of genotypes, by name."""

from collections.abc import Mapping
from typing import Protocol

from ostrdet.structures import darts_text, nb201_text
from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.genotype import CellGenotype


class TextFormat(Protocol):
    """What a text form has to offer; the modules of this folder do."""

    NAME: str

    def matches(self, text: str) -> bool:
        """Whether ``text`` looks like this form."""

    def format_cells(self, cells: Mapping[str, CellGenotype]) -> str:
        """Cells to text."""

    def parse_cells(self, text: str, specs: Mapping[str, CellSpec]) -> dict[str, CellGenotype]:
        """Text to cells."""


TEXT_FORMATS: dict[str, TextFormat] = {
    darts_text.NAME: darts_text,
    nb201_text.NAME: nb201_text,
}
