"""A table of benchmark accuracies: what a cell reaches when it is trained in full."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from ostrdet.errors import DamagedFileError, GenotypeError, UserError
from ostrdet.evaluation.complexity import complexity
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype

#: The data sets of a table: our name, and that of NATS-Bench.
DATASETS = {'cifar10': 'cifar10', 'cifar100': 'cifar100', 'imagenet16_120': 'ImageNet16-120'}
HOW_TO_GET = (
    f'Give a CSV file with the columns arch, {", ".join(DATASETS)}, or the folder '
    'NATS-tss-v1_0-3ffb9-simple of NATS-Bench.'
)


class BenchmarkError(UserError, ValueError):
    """A table that is malformed."""


class DamagedTableError(BenchmarkError, DamagedFileError):
    """A table whose files are damaged, or not to be trusted."""


class UnknownCellError(UserError, LookupError):
    """A cell that the table does not hold."""


class BenchmarkTable(ABC):
    """Test accuracies of trained cells, by the text form of the cell; white space does not matter.

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

    @abstractmethod
    def find(self, key: str) -> dict[str, float] | None:
        """The accuracies of the cell whose text without white space is ``key``, or None."""

    def accuracies(self, cell: str | Genotype) -> dict[str, float]:
        """Test accuracies of a cell.

        Args:
            cell: A genotype, or its text in the form of its space.

        Returns:
            Percent, 0 to 100, for 'cifar10', 'cifar100' and 'imagenet16_120'.

        Raises:
            UnknownCellError: If the table does not hold the cell.
        """
        key = cell_key(cell if isinstance(cell, str) else build_space(cell.space).format(cell))
        found = self.find(key)
        if found is None:
            raise UnknownCellError(
                f"the table '{self.path}' ({len(self)} cells) does not hold the cell '{key}'; "
                'check the text, or give a table that covers this space'
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
