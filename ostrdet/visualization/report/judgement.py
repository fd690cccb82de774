"""What the report makes of a search: whether its choice has settled, and whether it has collapsed."""

from collections.abc import Iterator

import numpy as np

from ostrdet.records.history import SearchHistory
from ostrdet.structures import Genotype
from ostrdet.visualization.cells.graph import edge_name
from ostrdet.visualization.page import Notice
from ostrdet.visualization.report.series import count_ops, margins, num_kept, unchanged_epochs
from ostrdet.visualization.report.text import (
    cell_counts,
    cell_title,
    free_ops,
    new_edges,
    selectable,
    skip_ops,
)

#: A network with more than this part of its edges without parameters has collapsed.
COLLAPSE = 0.5
#: A choice has settled once it stayed for this part of the epochs so far, and for two at least.
SETTLED = 0.2
ADVICE = 'Run longer, or average more epochs (default_hooks.selector.window).'


def settled(history: SearchHistory) -> str:
    """Whether the choice of the deciding criterion has settled, in all cells; and how close it is."""
    *before, last = history.genotypes[history.facts.criterion]
    if last is None:
        return 'There is no choice yet.'
    if not before:
        return 'One epoch does not show it.'
    unchanged = unchanged_epochs([*before, last])
    stable, needed = int(unchanged[-1]), max(2, int(np.ceil(SETTLED * len(unchanged))))
    tie = _closest_tie(history, last)
    if stable >= needed:
        since = history.epochs[-1] - stable
        return f'Yes, since epoch {since}: no edge changed in the last {stable} epochs{tie}.'
    if stable:
        verdict = (
            f'Not yet: the last change was {stable} epoch{"s" if stable > 1 else ""} ago{tie}.'
        )
    else:
        number, total = _num_changed(history, before[-1], last)
        verdict = 'No longer' if unchanged.max() >= needed else 'Never'
        verdict += f': {number} of {total} edges still changed in the last epoch{tie}.'
    is_finished = history.epochs[-1] == history.facts.max_epochs
    return f'{verdict} {ADVICE}' if is_finished else verdict


def _num_changed(
    history: SearchHistory, before: Genotype | None, last: Genotype
) -> tuple[int, int]:
    cells = history.space.cells
    total = sum(map(num_kept, cells.values()))
    if before is None:
        return total, total
    return sum(len(new_edges(before, last, cell)) for cell in cells), total


def _closest_tie(history: SearchHistory, last: Genotype) -> str:
    """The least margin on an edge that the cell keeps, as the end of a sentence; '' without scores."""
    found = []
    for cell, spec in history.space.cells.items():
        scores = history.values('scores', cell, history.facts.criterion)[-1:]
        percent = margins(scores, selectable(history)).percent[0]
        nodes = zip(spec.nodes, last.cells[cell].nodes, strict=True)
        kept = {(source, node) for node, edges in nodes for _, source in edges}
        where = '' if len(history.space.cells) == 1 else f' of the {cell_title(history, cell)}'
        for edge, value in zip(spec.edges, percent, strict=True):
            if tuple(edge) in kept and np.isfinite(value):
                found.append((float(value), f'{edge_name(*edge)}{where}'))
    if not found:
        return ''
    value, name = min(found)
    return f', closest tie {value:.1f} % (edge {name})'


def collapse_warnings(history: SearchHistory) -> Iterator[Notice]:
    """A warning if most of the network that the deciding criterion chooses learns nothing.

    The cells count as often as the network has them: few published networks learn anything in their
    reduction cells, and that is no collapse.
    """
    criterion = history.facts.criterion
    genotype = history.genotypes[criterion][-1]
    if genotype is None:
        return
    times, cells = cell_counts(history.space), history.space.cells
    total = sum(times[cell] * num_kept(spec) for cell, spec in cells.items())
    free, skips = (
        sum(times[cell] * count_ops([genotype.cells[cell]], ops)[0] for cell in cells) / total
        for ops in (free_ops(history), skip_ops(history))
    )
    if free > COLLAPSE:
        yield Notice(
            f'{free:.0%} of the edges of the network that {criterion} chooses carry operations '
            f'without parameters, {skips:.0%} skip connections: {_by_cell(history, genotype)}. This '
            'is the collapse that searches by weight are known for: such cells do well in the '
            'supernet, and poorly once they are trained.',
            is_alarm=True,
        )


def _by_cell(history: SearchHistory, genotype: Genotype) -> str:
    return ', '.join(
        f'{without_parameters(history, genotype, cell)} in the {cell_title(history, cell)}'
        for cell in history.space.cells
    )


def without_parameters(history: SearchHistory, genotype: Genotype, cell: str) -> str:
    """How many edges of a cell carry no parameters, such as '5 of 6 edges'."""
    number = count_ops([genotype.cells[cell]], free_ops(history))[0]
    return f'{number:.0f} of {num_kept(history.space.cells[cell])} edges'
