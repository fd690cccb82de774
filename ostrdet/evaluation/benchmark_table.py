"""A table of benchmark numbers: what a cell reaches when it is trained, what it costs."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from ostrdet.errors import DamagedFileError, GenotypeError, UnknownNameError, UserError
from ostrdet.evaluation.complexity import complexity
from ostrdet.registry import nearest
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype

#: The data sets of a table: our name, and that of NATS-Bench.
DATASETS = {'cifar10': 'cifar10', 'cifar100': 'cifar100', 'imagenet16_120': 'ImageNet16-120'}
HOW_TO_GET = (
    f'Give a CSV file with the columns arch and, for example, {", ".join(DATASETS)}, or the folder '
    'NATS-tss-v1_0-3ffb9-simple of NATS-Bench.'
)


class BenchmarkError(UserError, ValueError):
    """A table that is malformed."""


class DamagedTableError(BenchmarkError, DamagedFileError):
    """A table whose files are damaged, or not to be trusted."""


class UnknownCellError(UserError, LookupError):
    """A cell that the table does not hold."""


class BenchmarkTable(ABC):
    """Numbers of cells by column, by the text form of the cell; white space does not matter.

    The columns cifar10, cifar100 and imagenet16_120 are test accuracies of trained cells in percent.

    Args:
        path: Where the table is read from.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @abstractmethod
    def __len__(self) -> int:
        """Number of cells that the table holds."""

    @abstractmethod
    def cells(self) -> Iterable[str]:
        """The text of every cell that the table holds."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    @abstractmethod
    def find(self, key: str) -> dict[str, float] | None:
        """What the columns hold of the cell whose text without white space is ``key``, or None."""

    def accuracies(self, cell: str | Genotype) -> dict[str, float]:
        """Test accuracies of a cell.

        Args:
            cell: A genotype, or its text in the form of its space.

        Returns:
            Percent, 0 to 100, for those of 'cifar10', 'cifar100' and 'imagenet16_120' that are columns
            of the table; all its columns where none is.

        Raises:
            UnknownCellError: If the table does not hold the cell.
        """
        found = self.row(cell)
        return {name: found[name] for name in DATASETS if name in found} or found

    def column(self, name: str) -> dict[str, float]:
        """One column: the number of every cell that has one, in the order of the table.

        Raises:
            UnknownNameError: If there is no such column; the nearest is offered.
        """
        if name not in self.columns:
            raise UnknownNameError(
                f"the table '{self.path}' has no column '{name}'. {nearest(name, self.columns)}"
            )
        rows = ((cell, self.find(cell_key(cell)) or {}) for cell in self.cells())
        return {cell: row[name] for cell, row in rows if name in row}

    def row(self, cell: str | Genotype) -> dict[str, float]:
        """All columns that a cell has.

        Args:
            cell: As in :meth:`accuracies`.

        Raises:
            UnknownCellError: If the table does not hold the cell.
        """
        key = cell_key(cell if isinstance(cell, str) else build_space(cell.space).format(cell))
        found = self.find(key)
        if found is None:
            raise UnknownCellError(
                f"the table '{self.path}' ({len(self)} cells) does not hold the cell '{key}'; "
                'check the text, or give a table that covers this space (one that numbers its cells '
                "needs one beside it with the columns 'index' and 'arch')"
            )
        return found

    def check_space(self, space: SearchSpace) -> None:
        """Check that the table is one of ``space``.

        Raises:
            BenchmarkError: If the table holds no cell of ``space``.
        """
        if not any(_belongs(text, space) for text in self.cells()):
            raise BenchmarkError(
                f"the table '{self.path}' ({len(self)} cells) holds no cell of the space "
                f'{space.to_config()}; give the table of that space, or none'
            )

    def evaluate(self, genotype: Genotype, layout: str = 'cifar10') -> dict[str, float]:
        """Test accuracies of ``genotype``, with ``params`` and ``macs`` at the size ``layout``.

        Raises:
            UnknownCellError: If the table does not hold the cell.
            UnknownNameError: If the layout is unknown; the nearest name is offered.
        """
        accuracies = self.accuracies(genotype)
        size = complexity(genotype, layout)
        return {**accuracies, 'params': size.params, 'macs': size.macs}


def _belongs(text: str, space: SearchSpace) -> bool:
    try:
        space.parse(text)
    except GenotypeError:
        return False
    return True


def cell_key(text: str) -> str:
    """The text of a cell as tables are keyed by it: without white space.

    Examples:
        >>> cell_key('|none~0| + |none~0|none~1|')
        '|none~0|+|none~0|none~1|'
    """
    return ''.join(text.split())
