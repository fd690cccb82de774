"""What a genotype is worth: benchmark accuracies, parameters and multiply-adds."""

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
