"""Benchmark accuracies in the official folder of NATS-Bench."""

import os
import pickle
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from ostrdet.errors import MissingPackageError
from ostrdet.evaluation.benchmark_table import (
    DATASETS,
    HOW_TO_GET,
    BenchmarkTable,
    DamagedTableError,
)
from ostrdet.safe_pickle import load_arrays

META_FILE = 'meta.pickle.pbz2'
CELL_FILE = re.compile(r'(\d+)\.pickle\.pbz2')
EPOCHS = '200'
#: What the package raises on a file that is damaged or lacks what was asked.
DAMAGED = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


class NATSTable(BenchmarkTable):
    """The topology benchmark of NATS-Bench, read by its package ``nats_bench``.

    Accuracies are those on the test sets after 200 epochs, averaged over the trials. A cell is
    read when it is asked for; one whose file is missing is unknown, never guessed.

    The files are pickles, and the package unpickles them, which runs whatever they hold. So each is
    read by :func:`~ostrdet.safe_pickle.load_arrays` first, which refuses all but numbers,
    text and built-in containers.

    Args:
        path: The folder ``NATS-tss-v1_0-3ffb9-simple``.

    Raises:
        FileNotFoundError: If the folder is not one of NATS-Bench.
        MissingPackageError: If the package is not installed.
        DamagedTableError: If the list of cells is damaged, or holds code.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        if not (self.path / META_FILE).is_file():
            raise FileNotFoundError(f"no file {META_FILE} in the folder '{path}'. {HOW_TO_GET}")
        found = (CELL_FILE.fullmatch(file.name) for file in self.path.iterdir())
        self._checked: set[int] = set()
        self._indices = {int(match[1]) for match in found if match}
        package = _import_package()
        try:
            load_arrays(self.path / META_FILE)
            self._api = package.create(str(path), 'tss', fast_mode=True, verbose=False)
        except DAMAGED as error:
            raise DamagedTableError(f"'{self.path / META_FILE}' is damaged ({error!r})") from error

    def __len__(self) -> int:
        return len(self._indices)

    def cells(self) -> Iterable[str]:
        """The cells whose files are there, by index."""
        return (self._api.meta_archs[index] for index in sorted(self._indices))

    @property
    def columns(self) -> tuple[str, ...]:
        """The three data sets."""
        return tuple(DATASETS)

    def find(self, key: str) -> dict[str, float] | None:
        """The accuracies of a cell, read from its file."""
        index = self._api.query_index_by_arch(key)
        if index not in self._indices:
            return None
        return {name: self._test_accuracy(index, dataset) for name, dataset in DATASETS.items()}

    def _test_accuracy(self, index: int, dataset: str) -> float:
        try:
            if index not in self._checked:
                load_arrays(self.path / f'{index:06d}.pickle.pbz2')
                self._checked.add(index)
            info: dict[str, Any] = self._api.get_more_info(
                index, dataset, hp=EPOCHS, is_random=False
            )
            return float(info['test-accuracy'])
        except DAMAGED as error:
            raise DamagedTableError(
                f"'{self.path}': the file of cell {index} is damaged, or has no test accuracy on "
                f'{dataset} after {EPOCHS} epochs ({error!r})'
            ) from error


def _import_package() -> ModuleType:
    try:
        import nats_bench
    except ImportError as error:
        raise MissingPackageError(
            f'a NATS-Bench folder needs the package nats_bench ({error}): pip install '
            "'ostrdet[optional]', or give a CSV file instead"
        ) from error
    module: ModuleType = nats_bench
    return module
