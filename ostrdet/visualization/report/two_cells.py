"""The picture of a search: the cell of its criterion beside that of the rival, and what each is worth."""

from pathlib import Path

from ostrdet.errors import InvalidValueError
from ostrdet.records.history import SearchHistory
from ostrdet.visualization.cells.figure import genotypes_figure
from ostrdet.visualization.report.text import compared
from ostrdet.visualization.style import save_figure, styled


def draw_two_cells(history: SearchHistory, path: str | Path, title: str | None = None) -> None:
    """Draw the last cells of both criteria of a search, with their accuracies by its table.

    Args:
        history: The search.
        path: The file: SVG, PNG or PDF.
        title: A line above the cells.

    Raises:
        InvalidValueError: If no criterion has chosen a cell yet.
        OSError: If the file can't be written.
    """
    found = {
        _heading(history, name): genotype
        for name in compared(history)
        if (genotype := history.genotypes[name][-1]) is not None
    }
    if not found:
        raise InvalidValueError('the search has chosen no cell yet; give it more epochs')
    with styled():
        save_figure(genotypes_figure(found, title), Path(path))


def _heading(history: SearchHistory, criterion: str) -> str:
    """The criterion, and the accuracy of its cell on every data set of the table."""
    known = (history.lines[-1].get('benchmark') or {}).get(criterion) or {}
    lines = [f'{dataset}: {accuracy:.2f} %' for dataset, accuracy in known.items()]
    return '\n'.join([f'cell of {criterion}', *lines])
