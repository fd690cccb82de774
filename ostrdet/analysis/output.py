"""What every analysis puts out: a CSV file, figures, and a table on the console."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.box import MARKDOWN
from rich.table import Table

from ostrdet.output import plain_console
from ostrdet.structures.atomic import write_csv
from ostrdet.visualization.style import save_figure, styled

Row = Mapping[str, Any]
#: Letters of a line where the output is no terminal.
WIDTH = 200


class Output:
    """The files of one analysis in a folder.

    Args:
        folder: It is made when something is written.
        png: Whether figures are written as PNG beside the SVG.
    """

    def __init__(self, folder: str | Path, png: bool = False) -> None:
        self.folder, self.png = Path(folder), png
        self.console = plain_console()
        if not self.console.is_terminal:
            self.console.width = WIDTH

    def csv(self, name: str, rows: Sequence[Row]) -> None:
        """Write ``name.csv``: a line per row, columns by the keys of the first; None is empty."""
        path = self.folder / f'{name}.csv'
        write_csv(path, list(rows[0]), rows)
        self.console.print(f'written: {path}', soft_wrap=True)

    def figure(self, name: str, draw: Callable[..., Figure], *args: Any) -> None:
        """Draw ``draw(*args)`` in the common style, and write ``name.svg``."""
        with styled():
            figure = draw(*args)
            for suffix in ('svg', 'png') if self.png else ('svg',):
                path = self.folder / f'{name}.{suffix}'
                save_figure(figure, path)
                self.console.print(f'written: {path}', soft_wrap=True)

    def table(self, title: str, rows: Iterable[Row]) -> None:
        """Show rows on the console."""
        table = Table(box=MARKDOWN)
        for index, row in enumerate(rows):
            if not index:
                for name, value in row.items():
                    table.add_column(name, justify='left' if isinstance(value, str) else 'right')
            table.add_row(*map(_cell, row.values()))
        self.console.print(title)
        self.console.print(table)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return '-'
    return f'{value:.4g}' if isinstance(value, float) else str(value)
