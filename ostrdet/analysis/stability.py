"""``tools/analyze.py stability``: what changes with the seed, and along the epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ostrdet.analysis.figures import draw_stability
from ostrdet.analysis.output import Output, Row
from ostrdet.evaluation import BenchmarkTable, load_table
from ostrdet.evaluation.seed_statistics import Spread, num_changes, spread, stable_since
from ostrdet.records.search_log import SearchLog, common_criteria, read_logs

Spreads = Mapping[str, Mapping[int, Spread]]
Counts = Mapping[str, Mapping[int, int]]


def stability(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    benchmark: str | Path | Sequence[str | Path] | None = None,
    dataset: str = 'cifar10',
    from_epoch: int = 5,
    png: bool = False,
) -> list[Row]:
    """How cells and accuracies vary with the seed and along the epochs (Table VI, Figs. 9 and 10).

    Args:
        work_dirs: Searches of one space.
        out: Folder for ``stability.csv``, ``stability_epochs.csv`` and ``stability.svg``.
        benchmark: Table of accuracies, or several; None takes what the searches looked up.
        dataset: Its data set.
        from_epoch: First epoch, from 1, of the statistics over epochs.
        png: Whether figures are written as PNG too.

    Returns:
        A row per criterion.

    Raises:
        FileNotFoundError: If a folder holds no search.
        InvalidValueError: If the searches do not fit together, or one has no epoch ``from_epoch``.
    """
    logs = read_logs(work_dirs)
    for log in logs:
        log.line(from_epoch)
    table = None if benchmark is None else load_table(benchmark)
    criteria = common_criteria(logs)
    rows = [_row(logs, name, dataset, table, from_epoch) for name in criteria]
    by_epoch = {name: _accuracies(logs, name, dataset, table) for name in criteria}
    distinct = {name: _distinct(logs, name) for name in criteria}
    output = Output(out, png)
    output.csv('stability', rows)
    output.csv('stability_epochs', _epoch_rows(by_epoch, distinct))
    output.figure('stability', draw_stability, by_epoch, distinct, len(logs), dataset)
    output.table(f'{len(logs)} searches, test accuracy on {dataset} in percent', rows)
    return rows


def _row(
    logs: Sequence[SearchLog],
    criterion: str,
    dataset: str,
    table: BenchmarkTable | None,
    from_epoch: int,
) -> Row:
    """Statistics of one criterion.

    "last" is after the last epoch; "epochs" is the mean of a search over the epochs, of which mean
    and standard deviation over the searches are taken; "within" is the mean over the searches of
    the standard deviation along the epochs.
    """
    late = [[line for line in log.lines if line['epoch'] >= from_epoch] for log in logs]
    of_search = [
        [log.accuracy(line, criterion, dataset, table) for line in lines]
        for log, lines in zip(logs, late, strict=True)
    ]
    cells = [[line['genotypes'][criterion] for line in lines] for lines in late]
    last, means = spread(a[-1] for a in of_search), spread(spread(a).mean for a in of_search)
    return {
        'criterion': criterion,
        'searches': len(logs),
        'last mean': last.mean,
        'last std': last.std,
        'epochs mean': means.mean,
        'epochs std': means.std,
        'within std': spread(spread(a).std for a in of_search).mean,
        'distinct last': len({chosen[-1] for chosen in cells}),
        'distinct all': len({cell for chosen in cells for cell in chosen if cell is not None}),
        'changes': spread(float(num_changes(chosen)) for chosen in cells).mean,
        'stable since': spread(
            float(lines[stable_since(chosen)]['epoch'])
            for lines, chosen in zip(late, cells, strict=True)
        ).mean,
    }


def _accuracies(
    logs: Sequence[SearchLog], criterion: str, dataset: str, table: BenchmarkTable | None
) -> dict[int, Spread]:
    by_epoch: dict[int, list[float | None]] = {}
    for log in logs:
        for line in log.lines:
            found = log.accuracy(line, criterion, dataset, table)
            by_epoch.setdefault(line['epoch'], []).append(found)
    return {epoch: spread(values) for epoch, values in sorted(by_epoch.items())}


def _distinct(logs: Sequence[SearchLog], criterion: str) -> dict[int, int]:
    by_epoch: dict[int, set[str]] = {}
    for log in logs:
        for line in log.lines:
            if line['genotypes'][criterion] is not None:
                by_epoch.setdefault(line['epoch'], set()).add(line['genotypes'][criterion])
    return {epoch: len(cells) for epoch, cells in sorted(by_epoch.items())}


def _epoch_rows(by_epoch: Spreads, distinct: Counts) -> list[Row]:
    return [
        {
            'criterion': criterion,
            'epoch': epoch,
            'mean': found.mean,
            'std': found.std,
            'n': found.n,
            'distinct': distinct[criterion].get(epoch),
        }
        for criterion, epochs in by_epoch.items()
        for epoch, found in epochs.items()
    ]
