"""``tools/analyze.py criteria``: what the cell of every criterion is worth."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ostrdet.analysis.figures import draw_criteria
from ostrdet.analysis.output import Output, Row
from ostrdet.evaluation import BenchmarkTable, load_table
from ostrdet.evaluation.benchmark_table import DATASETS
from ostrdet.evaluation.complexity import Complexity, complexity
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.records.search_log import SearchLog, common_criteria, read_logs

MILLION = 1e6
#: Axes of the figure, by column: name with unit.
AXES = {
    **{name: f'{name}: test accuracy (%)' for name in DATASETS},
    'params': 'parameters (millions)',
    'macs': 'multiply-adds (millions)',
}


def criteria(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    benchmark: str | Path | Sequence[str | Path] | None = None,
    layout: str | None = None,
    png: bool = False,
) -> list[Row]:
    """What the final cell of every criterion reaches, and its size (Table V).

    Args:
        work_dirs: Searches of one space.
        out: Folder for ``criteria.csv``, ``criteria_summary.csv`` and ``criteria.svg``.
        benchmark: Table of accuracies, or several; None takes what the searches looked up.
        layout: Published size at which networks are counted; the first of the space if None.
        png: Whether figures are written as PNG too.

    Returns:
        A row per criterion and search; ``params`` and ``macs`` in millions.

    Raises:
        FileNotFoundError: If a folder holds no search.
        UnknownNameError: If the layout is unknown; the nearest name is offered.
        InvalidValueError: If the searches do not fit together.
    """
    logs = read_logs(work_dirs)
    table = None if benchmark is None else load_table(benchmark)
    layout = layout or next(iter(logs[0].space.layouts))
    sizes: dict[str, Complexity] = {}
    names = common_criteria(logs)
    rows = [_row(log, name, table, layout, sizes) for name in names for log in logs]
    known = [key for key in AXES if any(row[key] is not None for row in rows)]
    summary = [_summary(name, rows, known) for name in names]
    output = Output(out, png)
    output.csv('criteria', rows)
    output.csv('criteria_summary', summary)
    output.figure('criteria', draw_criteria, _values(rows, names, known), len(logs))
    title = f'last epoch of {len(logs)} searches; percent, and millions at the layout {layout}'
    output.table(title, (_texts(name, rows, known) for name in names))
    return rows


def _row(
    log: SearchLog,
    criterion: str,
    table: BenchmarkTable | None,
    layout: str,
    sizes: dict[str, Complexity],
) -> Row:
    """One cell; ``sizes`` keeps what was counted, since searches often agree."""
    line = log.line()
    text = line['genotypes'][criterion]
    if text not in sizes:
        sizes[text] = complexity(log.genotype(criterion), layout)
    accuracies = {name: log.accuracy(line, criterion, name, table) for name in DATASETS}
    return {
        'criterion': criterion,
        'search': log.name,
        'seed': log.seed,
        **accuracies,
        'params': sizes[text].params / MILLION,
        'macs': sizes[text].macs / MILLION,
        'cell': text,
    }


def _of(criterion: str, rows: Sequence[Row], key: str) -> list[float]:
    return [row[key] for row in rows if row['criterion'] == criterion and row[key] is not None]


def _summary(criterion: str, rows: Sequence[Row], known: Sequence[str]) -> Row:
    summary: dict[str, str | float] = {'criterion': criterion}
    for key in known:
        found = spread(_of(criterion, rows, key))
        summary |= {f'{key} mean': found.mean, f'{key} std': found.std, f'{key} n': found.n}
    return summary


def _texts(criterion: str, rows: Sequence[Row], known: Sequence[str]) -> Row:
    return {
        'criterion': criterion,
        **{key: str(spread(_of(criterion, rows, key))) for key in known},
    }


def _values(
    rows: Sequence[Row], names: Sequence[str], known: Sequence[str]
) -> Mapping[str, Mapping[str, Sequence[float]]]:
    return {AXES[key]: {name: _of(name, rows, key) for name in names} for key in known}
