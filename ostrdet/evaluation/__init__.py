"""What a genotype is worth, and what a search says: accuracies, sizes, correlations, loss changes."""

from ostrdet.evaluation.complexity import Complexity
from ostrdet.evaluation.nas_bench import (
    BenchmarkError,
    BenchmarkTable,
    UnknownCellError,
    load_table,
)

__all__ = [
    'BenchmarkError',
    'BenchmarkTable',
    'Complexity',
    'UnknownCellError',
    'load_table',
]
