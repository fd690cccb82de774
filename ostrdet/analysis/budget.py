"""``tools/analyze.py budget``: what the cells are worth that fit a part of the free choice's cost."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure

from ostrdet.analysis.output import Output, Row
from ostrdet.errors import GenotypeError, InvalidValueError
from ostrdet.evaluation import BenchmarkTable, load_table
from ostrdet.evaluation.cell_latency import count_costs
from ostrdet.records.history import BASELINE
from ostrdet.records.search_log import SearchLog, read_logs
from ostrdet.registry import CRITERIA
from ostrdet.selection import WithinBudget
from ostrdet.spaces import SearchSpace
from ostrdet.structures.cell_costs import Costs
from ostrdet.visualization.fronts import AXES
from ostrdet.visualization.panels import marks, panels, shared_legend

ORACLE = 'oracle'
#: Multiply-adds of what is shown as one, and nanoseconds.
MILLION = 1e6
Known = Mapping[str, tuple[float, int]]


def budget(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    benchmark: str | Path | Sequence[str | Path],
    dataset: str = 'cifar10',
    shares: Sequence[float] = (0.25, 0.5, 0.75, 1.0),
    layout: str = 'cifar10',
    latency_table: Sequence[str | Path] | None = None,
    latency_device: str | None = None,
    png: bool = False,
) -> list[Row]:
    """Accuracies of the best cell within parts of the free choice's cost, by criterion.

    The free choice is that of the criterion that decided the search, after its last epoch. The same
    budgets hold for the magnitude, and for the oracle: the most accurate cell of the table that fits.

    Args:
        work_dirs: Searches of one space.
        out: Folder for ``budget.csv`` and ``budget.svg``.
        benchmark: Table of accuracies of all cells, or several.
        dataset: Its column, in percent.
        shares: Parts of the free choice's cost, above 0.
        layout: Published size at which costs count.
        latency_table: As ``table`` of :class:`WithinBudget`: then milliseconds are the cost, in place of
            multiply-adds.
        latency_device: As ``device`` of :class:`WithinBudget`.
        png: Whether the figure is written as PNG too.

    Returns:
        A row per search and share, with the budget, then accuracy and cost of every one's cell. None where
        nothing fits.

    Raises:
        FileNotFoundError: If a folder holds no search, or there is no table.
        InvalidValueError: If a share is not positive, or the searches do not fit together.
        BenchmarkError: If a table is malformed or of another space.
        UnknownNameError: If a name is unknown; the nearest is offered.
    """
    if min(shares, default=0.0) <= 0:
        raise InvalidValueError(f'--shares {list(shares)}: expected parts of a cost, above 0')
    logs, table = read_logs(work_dirs), load_table(benchmark)
    space = logs[0].space
    table.check_space(space)
    derive = _derivation(space, layout, latency_table, latency_device)
    ((unit, costs),) = derive.costs.items()
    known = _known(space, table, dataset, costs)
    rows = [row for log in logs for row in _rows(log, derive, shares, known)]
    output = Output(out, png)
    output.csv('budget', rows)
    output.figure('budget', _draw, rows, unit, dataset)
    output.table(f'test accuracy on {dataset} in percent; {AXES[unit][0]}', map(_short, rows))
    return rows


def _derivation(
    space: SearchSpace,
    layout: str,
    tables: Sequence[str | Path] | None,
    device: str | None,
) -> WithinBudget:
    if tables or device:
        derive = WithinBudget(max_latency=1e6, layout=layout, table=tables or None, device=device)
    else:
        derive = WithinBudget(max_macs=10**15, layout=layout)
    derive.prepare(space, count_costs)
    return derive


def _known(
    space: SearchSpace, table: BenchmarkTable, dataset: str, costs: Costs
) -> dict[str, tuple[float, int]]:
    """Accuracy and cost of every cell that has both, by text."""
    found = {}
    for text, accuracy in table.column(dataset).items():
        try:
            found[text] = (accuracy, costs.of(space.parse(text)))
        except (GenotypeError, KeyError):  # of another space, or not measured
            continue
    return found


def _rows(
    log: SearchLog, derive: WithinBudget, shares: Sequence[float], known: Known
) -> Iterator[Row]:
    (costs,) = derive.costs.values()
    free = costs.of(log.genotype(log.criterion))
    fronts = {name: _front(log, name, derive, costs) for name in (log.criterion, BASELINE)}
    for share in shares:
        limit = int(share * free)
        row: Row = {'search': log.name, 'seed': log.seed, 'share': share, 'budget': limit / MILLION}
        for name, front in fronts.items():
            fitting = [text for cost, text in front if cost <= limit]
            row = {**row, **_of(name, fitting[-1] if fitting else None, known)}
        fits = [text for text, (_, cost) in known.items() if cost <= limit]
        best = max(fits, key=lambda text: known[text][0], default=None)
        yield {**row, **_of(ORACLE, best, known)}


def _front(log: SearchLog, name: str, derive: WithinBudget, costs: Costs) -> list[tuple[int, str]]:
    """The cells that a criterion chooses within some budget, the cheapest first, with their costs."""
    line = log.line()
    if line['scores'].get(name) is None:
        raise InvalidValueError(f"'{log.work_dir}' holds no scores of {name}; search with it")
    CRITERIA.import_from_location()
    kind = CRITERIA.module_dict[name]
    scores = {cell: torch.tensor(rows) for cell, rows in line['scores'][name].items()}
    weights = {
        cell: None if rows is None else torch.tensor(rows)
        for cell, rows in line['edge_weights'].items()
    }
    by_edge = weights if kind.uses_edge_weights else None
    points = derive.front(log.space, scores, by_edge, kind.tie_rtol)
    return [(costs.of(log.space.parse(point.genotype)), point.genotype) for point in points]


def _of(name: str, text: str | None, known: Known) -> Row:
    accuracy, cost = known.get(text or '', (None, None))
    spent = None if cost is None else cost / MILLION
    return {name: accuracy, f'{name} cost': spent, f'{name} cell': text}


def _short(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.endswith(' cell')}


def _draw(rows: Sequence[Row], unit: str, dataset: str) -> Figure:
    searches = dict.fromkeys(row['search'] for row in rows)
    caption = (
        'Table accuracy of the best cell within a budget, which is a part of what the free choice of the '
        'search costs; the oracle is the most accurate cell of the table that fits. A panel per search.'
    )
    figure, axes = panels(len(searches), 3, (240, 200), caption, sharey=True)
    names = [key.removesuffix(' cell') for key in rows[0] if key.endswith(' cell')]
    for panel, search in zip(axes, searches, strict=True):
        own = [row for row in rows if row['search'] == search]
        for index, name in enumerate(names):
            values = [float('nan') if row[name] is None else row[name] for row in own]
            panel.plot([row['budget'] for row in own], values, label=name, **marks(index))
        panel.set_title(search)
        panel.set_xlabel(f'budget: {AXES[unit][0]}')
    axes[0].set_ylabel(f'test accuracy on {dataset} (%)')
    shared_legend(figure, axes[0], len(names))
    return figure
