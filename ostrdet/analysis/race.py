"""``tools/analyze.py race``: two operations of every edge against each other, along the epochs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter

from ostrdet.analysis.ops import two_ops
from ostrdet.analysis.output import Output, Row
from ostrdet.apis.open_search import config_of
from ostrdet.errors import UnknownNameError
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.records.history import SearchHistory
from ostrdet.records.run_facts import read_run_facts
from ostrdet.records.search_log import SearchLog, read_logs
from ostrdet.registry import nearest
from ostrdet.settings.files import read_text
from ostrdet.visualization.panels import marks, panels, shared_legend
from ostrdet.visualization.report.series import margins, ratios
from ostrdet.visualization.style import INK, line_style

#: By edge, then by setting: a mapping from epoch to number for every search of the setting.
Lines = dict[str, dict[str, list[Mapping[int, float]]]]
#: Depth of the supernet, and images of a minibatch.
GROUP_BY = ('model.supernet.num_cells', 'train_dataloader.batch_size')


class Look(NamedTuple):
    """What a figure shows up, and where neither operation is ahead."""

    label: str
    level: float
    is_log: bool
    caption: str


def draw_ratios(lines: Lines, ops: tuple[str, str], criterion: str) -> Figure:
    """A panel per edge: the ratio of two scores, a line per search.

    Args:
        lines: The ratios.
        ops: The operation above and the one below the fraction bar.
        criterion: Whose scores.
    """
    caption = (
        f'{criterion} of {ops[0]} over that of {ops[1]} on every edge, after each epoch. A line per '
        'search; those of one setting look alike. Above the level line of 1 the first operation is '
        'ahead. Logarithmic, so that twice and half are equally far from it.'
    )
    return _draw(lines, Look('ratio of scores', 1, True, caption))


def draw_alphas(lines: Lines, ops: tuple[str, str]) -> Figure:
    """A panel per edge: the difference of two alphas, a line per search.

    Args:
        lines: The differences.
        ops: The operation whose alpha it is, and the one whose alpha is taken off.
    """
    caption = (
        f'Alpha of {ops[0]} minus that of {ops[1]} on every edge, at the end of each epoch. A line '
        'per search; those of one setting look alike. Above the level line of 0 the first operation '
        'has the larger weight: the ratio of their weights is exp of the difference.'
    )
    return _draw(lines, Look('difference of alphas', 0, False, caption))


def _draw(lines: Lines, look: Look) -> Figure:
    figure, axes = panels(len(lines), 3, (240, 165), look.caption, sharex=True, sharey=True)
    numbers = [n for of_edge in lines.values() for some in of_edge.values() for n in some]
    epochs = [epoch for by_epoch in numbers for epoch in by_epoch] or [1]
    axes[0].set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    settings = list(dict.fromkeys(setting for of_edge in lines.values() for setting in of_edge))
    for panel, (edge, of_edge) in zip(axes, lines.items(), strict=True):
        panel.axhline(look.level, color=INK, linewidth=0.8)
        for setting, searches in of_edge.items():
            _searches(panel, settings.index(setting), setting, searches)
        panel.set_title(edge)
        panel.set_xlabel('epoch of the search')
        panel.set_ylabel(look.label)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if look.is_log:
            _logarithmic(panel)
    shared_legend(figure, axes[0], 3)
    return figure


def _logarithmic(panel: Axes) -> None:
    """Powers of two, with quarters between them where the panel shows few."""
    panel.set_yscale('log', base=2)
    low, high = panel.get_ylim()
    subs = (1, 1.25, 1.5, 1.75) if high < 4 * low else (1,)
    panel.yaxis.set_major_locator(LogLocator(base=2, subs=subs))
    panel.yaxis.set_major_formatter(FormatStrFormatter('%.3g'))
    panel.yaxis.set_minor_formatter(NullFormatter())


def _searches(panel: Axes, index: int, setting: str, searches: list[Mapping[int, float]]) -> None:
    style = line_style(index) | marks(index)
    label = f'{setting} (n = {len(searches)})'
    for number, by_epoch in enumerate(searches):
        panel.plot(
            list(by_epoch),
            list(by_epoch.values()),
            label=None if number else label,
            markersize=3,
            linewidth=1.2,
            **style,
        )


def race(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    ops: Sequence[str] | None = None,
    criterion: str = 'OperationStrength',
    group_by: Sequence[str] = GROUP_BY,
    png: bool = False,
) -> list[Row]:
    """The score of one operation over that of another, on every edge after every epoch.

    Args:
        work_dirs: Searches of one space.
        out: Folder for ``race.csv``, ``race_summary.csv``, ``race.svg`` and ``race_alpha.svg``.
        ops: Two operations; the skip connection and the largest one of the space if None.
        criterion: Whose scores.
        group_by: Keys of the configs; searches with the same values are of one setting.
        png: Whether figures are written as PNG too.

    Returns:
        A row per search, edge and epoch.

    Raises:
        FileNotFoundError: If a folder holds no search, or no config.
        UnknownNameError: If an operation, the criterion or a key is unknown.
        InvalidValueError: If the searches do not fit together.
    """
    logs = read_logs(work_dirs)
    pair = two_ops(logs[0].space, ops)
    searches = [_rows(log, setting_of(log, group_by), criterion, pair) for log in logs]
    rows, summary = [row for search in searches for row in search], _summary(searches)
    output = Output(out, png)
    output.csv('race', rows)
    output.csv('race_summary', summary)
    output.figure('race', draw_ratios, _lines(searches, 'ratio'), pair, criterion)
    output.figure('race_alpha', draw_alphas, _lines(searches, 'alpha_difference'), pair)
    output.table(f'{criterion} of {pair[0]} over that of {pair[1]}, last epoch', summary)
    return rows


def setting_of(log: SearchLog, keys: Sequence[str]) -> str:
    """The values of some keys of a search's config, as text.

    Raises:
        UnknownNameError: If the config has no such key.
    """
    cfg = read_text(config_of(log.work_dir)).to_dict()
    return ', '.join(f'{key.rpartition(".")[2]} {_value(cfg, key, log)}' for key in keys)


def _value(cfg: Any, key: str, log: SearchLog) -> Any:
    node = cfg
    for part in key.split('.'):
        if not isinstance(node, dict) or part not in node:
            known = node if isinstance(node, dict) else ()
            raise UnknownNameError(
                f"--group-by {key}: the config of '{log.work_dir}' has no '{part}' there. "
                f'{nearest(part, known)}'
            )
        node = node[part]
    return node


def _rows(log: SearchLog, setting: str, criterion: str, pair: tuple[str, str]) -> list[Row]:
    if criterion not in log.lines[-1]['scores']:
        known = nearest(criterion, log.lines[-1]['scores'])
        raise UnknownNameError(f"'{log.work_dir}' has no criterion '{criterion}'. {known}")
    space = log.space
    history = SearchHistory(read_run_facts(log.work_dir), log.lines)
    first, second = map(space.ops.index, pair)
    selectable = [space.ops.index(op) for op in space.selectable_ops]
    rows: list[Row] = []
    for cell, spec in space.cells.items():
        scores_TEO = history.values('scores', cell, criterion)
        alphas_TEO = history.values('alphas', cell)
        ratio_TE, lead = ratios(scores_TEO, first, second), margins(scores_TEO, selectable)
        weight_TE = ratios(history.values('op_weights', cell), first, second)
        rows += [
            {
                'search': log.name,
                'setting': setting,
                'criterion': criterion,
                'cell': cell,
                'edge': f'{edge.target}<-{edge.source}',
                'epoch': line['epoch'],
                'ratio': _known(ratio_TE[t, e]),
                'best': space.ops[lead.best[t, e]] if lead.best[t, e] >= 0 else None,
                'lead': _known(lead.percent[t, e]),
                'alpha_difference': _known(alphas_TEO[t, e, first] - alphas_TEO[t, e, second]),
                'weight_ratio': _known(weight_TE[t, e]),
            }
            for e, edge in enumerate(spec.edges)
            for t, line in enumerate(log.lines)
        ]
    return rows


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _summary(searches: Sequence[Sequence[Row]]) -> list[Row]:
    """Every setting and edge after the last epoch of each search; those without a ratio don't count."""
    last: dict[tuple[str, ...], list[Row]] = {}
    for rows in searches:
        final = rows[-1]['epoch']
        for row in rows:
            if row['epoch'] == final:
                last.setdefault((row['setting'], row['cell'], row['edge']), []).append(row)
    return [
        {'setting': setting, 'cell': cell, 'edge': edge, **_means(rows)}
        for (setting, cell, edge), rows in last.items()
    ]


def _means(rows: Sequence[Row]) -> Row:
    known = [row for row in rows if row['ratio'] is not None]
    found = spread(row['ratio'] for row in known)
    return {
        'ratio mean': found.mean,
        'ratio std': found.std,
        'wins': f'{sum(row["ratio"] > 1 for row in known)} of {found.n}',
        'lead mean': spread(row['lead'] for row in known).mean,
        'alpha mean': spread(row['alpha_difference'] for row in known).mean,
        'weights mean': spread(row['weight_ratio'] for row in known).mean,
    }


def _lines(searches: Sequence[Sequence[Row]], key: str) -> Lines:
    """By edge, then by setting: for every search the numbers by epoch, without unknown ones."""
    lines: Lines = {}
    for rows in searches:
        by_edge: dict[str, dict[int, float]] = {}
        for row in rows:
            by_epoch = by_edge.setdefault(f'{row["cell"]} {row["edge"]}', {})
            if row[key] is not None:
                by_epoch[row['epoch']] = row[key]
        for edge, by_epoch in by_edge.items():
            lines.setdefault(edge, {}).setdefault(rows[0]['setting'], []).append(by_epoch)
    return lines
