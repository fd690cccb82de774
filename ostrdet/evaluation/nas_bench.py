"""Reading tables of benchmark accuracies, whatever they are stored in."""

import os
from pathlib import Path

from ostrdet.evaluation.benchmark_table import (
    HOW_TO_GET,
    BenchmarkError,
    BenchmarkTable,
    UnknownCellError,
)
from ostrdet.evaluation.csv_table import CSVTable
from ostrdet.evaluation.nats_table import NATSTable

__all__ = ['BenchmarkError', 'BenchmarkTable', 'UnknownCellError', 'load_table']


def load_table(path: str | os.PathLike[str]) -> BenchmarkTable:
    """Read a CSV file, or open a folder of NATS-Bench.

    The folder holds pickles, which run what they hold: only open a benchmark that you trust.

    Raises:
        FileNotFoundError: If there is nothing at ``path``, or a folder of something else.
        BenchmarkError: If the table is malformed or damaged.
        MissingPackageError: If a folder is given and the package ``nats_bench`` is not installed.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no benchmark table at '{path}'. {HOW_TO_GET}")
    return NATSTable(path) if Path(path).is_dir() else CSVTable(path)
