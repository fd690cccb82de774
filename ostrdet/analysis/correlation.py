"""``tools/analyze.py correlation``: scores against stand-alone accuracies, edge by edge."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ostrdet.analysis.output import Output, Row
from ostrdet.analysis.ranks import EdgeCorrelation, correlate
from ostrdet.analysis.stand_alone import ShortTrainings, from_table
from ostrdet.errors import InvalidValueError
from ostrdet.evaluation import load_table
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.records.search_log import SearchLog, read_logs
from ostrdet.structures import Genotype
from ostrdet.visualization.panels import marks, panels, spread_dots
from ostrdet.visualization.style import INK

#: Spearman's correlation of every search, by criterion, then by edge.
Correlations = Mapping[str, Mapping[str, Sequence[float]]]
Found = dict[str, list[EdgeCorrelation]]


def draw_correlation(found: Correlations, accuracy: str) -> Figure:
    """A panel per criterion: dots are searches, markers their mean, bars one standard deviation.

    Args:
        found: The correlations; NaN is left out.
        accuracy: What stand-alone accuracies are, for the caption.
    """
    edges = list(next(iter(found.values())))
    caption = (
        'Spearman correlation, over the operations of an edge, of the score of a criterion with the '
        f'stand-alone accuracy of the cell that has the operation there ({accuracy}). '
        'Small dots: single searches. Markers and bars: mean and standard deviation over them. '
        'Titles: mean over all edges and searches.'
    )
    width = max(150, 14 * len(edges) + 60)
    figure, axes = panels(len(found), max(1, 780 // width), (width, 185), caption, sharey=True)
    for index, (panel, (criterion, by_edge)) in enumerate(zip(axes, found.items(), strict=True)):
        _panel(panel, index, by_edge)
        overall = spread(value for values in by_edge.values() for value in values)
        panel.set_title(f'{criterion}\n{overall}')
        panel.set_xlabel('edge (target<-source)')
        panel.set_xticks(range(len(edges)), edges, rotation=90 if len(edges) > 6 else 45)
    for panel in axes:
        if panel.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            panel.set_ylabel("Spearman's rho")
    return figure


def _panel(panel: Axes, index: int, by_edge: Mapping[str, Sequence[float]]) -> None:
    style = marks(index)
    panel.axhline(0, color=INK, linewidth=0.8)
    panel.set_ylim(-1.08, 1.08)
    for position, values in enumerate(by_edge.values()):
        xs = [position + offset for offset in spread_dots(len(values), 0.5)]
        panel.plot(xs, values, '.', color=style['color'], alpha=0.45, markersize=4)
        of_edge = spread(values)
        panel.errorbar(
            position, of_edge.mean, of_edge.std if of_edge.n > 1 else None, capsize=3, **style
        )


def correlation(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    benchmark: str | Path | Sequence[str | Path] | None = None,
    dataset: str = 'cifar10',
    retrain: str | Path | None = None,
    epochs: int = 1,
    seed: int = 0,
    data_root: str | Path | None = None,
    epoch: int | None = None,
    base: str | None = None,
    png: bool = False,
) -> list[Row]:
    """Spearman's correlation of every criterion with stand-alone accuracy on every edge.

    Args:
        work_dirs: Searches of one space.
        out: Folder for ``correlation.csv``, ``correlation_ops.csv`` and ``correlation.svg``.
        benchmark: Table of accuracies, or several.
        dataset: Its data set.
        retrain: Config of short trainings, instead of a table.
        epochs: Their epochs.
        seed: Their seed.
        data_root: Their data.
        epoch: Epoch of the searches whose scores and cells are taken; the last one if None.
        base: Criterion whose cell is varied; the one that decided if None.
        png: Whether figures are written as PNG too.

    Returns:
        A row per search, edge and criterion.

    Raises:
        InvalidValueError: If not exactly one of ``benchmark`` and ``retrain`` is given, or the
            searches do not fit together.
        LookupError: If the table lacks a cell, or a name is unknown.
    """
    logs = read_logs(work_dirs)
    accuracy, what = _accuracy(benchmark, dataset, retrain, epochs, seed, data_root, out)
    found: Found = {}
    for log in logs:
        cell = log.genotype(base or log.criterion, epoch)
        scores = log.line(epoch)['scores']
        found[str(log.work_dir)] = correlate(log.space, cell, scores, accuracy)
    output, rows = Output(out, png), _rows(found, logs)
    output.csv('correlation', rows)
    output.csv('correlation_ops', _op_rows(found, logs))
    by_edge = _by_edge(found)
    output.figure('correlation', draw_correlation, by_edge, what)
    output.table(f"Spearman's rho with {what}", _summary(by_edge))
    return rows


def edge_name(found: EdgeCorrelation) -> str:
    """The edge as people write it, without its cell type.

    Examples:
        >>> from ostrdet.structures import Edge
        >>> edge_name(EdgeCorrelation('cell', Edge(0, 2), 'Magnitude', {}, {}))
        '2<-0'
    """
    return f'{found.edge.target}<-{found.edge.source}'


def _accuracy(
    benchmark: str | Path | Sequence[str | Path] | None,
    dataset: str,
    retrain: str | Path | None,
    epochs: int,
    seed: int,
    data_root: str | Path | None,
    out: str | Path,
) -> tuple[Callable[[Genotype], float], str]:
    if (benchmark is None) == (retrain is None):
        raise InvalidValueError(
            'stand-alone accuracies come from --benchmark PATH or from --retrain CONFIG; give one'
        )
    if benchmark is not None:
        return from_table(load_table(benchmark), dataset), f'table, {dataset}'
    assert retrain is not None
    trainings = ShortTrainings(retrain, epochs, Path(out) / 'retrain', seed, data_root)
    return trainings, f'{epochs} epochs of {Path(retrain).stem}'


def _rows(found: Found, logs: Sequence[SearchLog]) -> list[Row]:
    return [
        {
            'search': log.name,
            'seed': log.seed,
            'cell': one.cell_type,
            'edge': edge_name(one),
            'criterion': one.criterion,
            'spearman': one.rho,
        }
        for log in logs
        for one in found[str(log.work_dir)]
    ]


def _op_rows(found: Found, logs: Sequence[SearchLog]) -> list[Row]:
    return [
        {
            'search': log.name,
            'cell': one.cell_type,
            'edge': edge_name(one),
            'criterion': one.criterion,
            'op': op,
            'score': score,
            'accuracy': one.accuracies[op],
        }
        for log in logs
        for one in found[str(log.work_dir)]
        for op, score in one.scores.items()
    ]


def _by_edge(found: Found) -> dict[str, dict[str, list[float]]]:
    """The correlations of all searches, by criterion, then by edge; cells differ in their edges."""
    everything = [one for of_search in found.values() for one in of_search]
    several = len({one.cell_type for one in everything}) > 1
    keys = sorted({(one.cell_type, one.edge.target, one.edge.source) for one in everything})
    names = {key: f'{key[0]} ' * several + f'{key[1]}<-{key[2]}' for key in keys}
    by_edge: dict[str, dict[str, list[float]]] = {}
    for one in everything:
        of_criterion = by_edge.setdefault(one.criterion, {name: [] for name in names.values()})
        of_criterion[names[one.cell_type, one.edge.target, one.edge.source]].append(one.rho)
    return by_edge


def _summary(by_edge: dict[str, dict[str, list[float]]]) -> list[Row]:
    return [
        {
            'criterion': criterion,
            **{edge: str(spread(values)) for edge, values in edges.items()},
            'all': str(spread(value for values in edges.values() for value in values)),
        }
        for criterion, edges in by_edge.items()
    ]
