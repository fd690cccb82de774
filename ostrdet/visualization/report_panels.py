"""The trajectories of the report: a panel for every edge, for the weights and every criterion."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ostrdet.structures import Genotype
from ostrdet.visualization.edge_panels import Panels, edge_panels
from ostrdet.visualization.history import SearchHistory
from ostrdet.visualization.report_pictures import edge_names, selectable
from ostrdet.visualization.report_text import cell_title, meaning
from ostrdet.visualization.series import shares


@dataclass(frozen=True)
class Trajectories:
    """A quantity on all edges of a cell.

    Attributes:
        title: What is shown.
        caption: How to read it.
        panels: The panels.
        kept: By edge, what the criterion keeps on it: an operation, 'not kept', or '' if unknown.
        is_open: Whether the page shows it at once.
    """

    title: str
    caption: str
    panels: Panels
    kept: Mapping[str, str]
    is_open: bool


def trajectories(history: SearchHistory) -> Iterator[Trajectories]:
    """The weights first, then the deciding criterion, then the others."""
    for cell in history.space.cells:
        weights = history.values('op_weights', cell)
        same = [c for c in history.criteria if _equal(history.values('scores', cell, c), weights)]
        chooser = same[0] if same else None
        yield from _trajectories(history, cell, 'Weights', chooser, 100 * weights)
    for criterion in history.criteria:
        for cell in history.space.cells:
            scores = history.values('scores', cell, criterion)
            if not _equal(scores, history.values('op_weights', cell)):
                yield from _trajectories(history, cell, criterion, criterion, shares(scores))


def _equal(scores: np.ndarray, weights: np.ndarray) -> bool:
    return np.allclose(scores, weights, rtol=1e-5, atol=0)


def _trajectories(
    history: SearchHistory, cell: str, name: str, criterion: str | None, values: np.ndarray
) -> Iterator[Trajectories]:
    edges = edge_names(history.space.cells[cell])
    is_weight = name == 'Weights'
    panels = edge_panels(
        f'{name}-{cell}',
        'weight, %' if is_weight else 'share, %',
        history.epochs,
        edges,
        values,
        selectable(history),
    )
    if panels is None:
        return
    where = f'in the {cell_title(history, cell)}'
    if is_weight:
        title = f'Weights of the operations {where}'
        what = 'The softmax of alpha: how the supernet mixes the operations of an edge.'
        what += f' {criterion} keeps the highest.' if criterion else ''
    else:
        title = f'Scores of {criterion} {where}'
        what = 'The part of every operation in the sum of the scores of its edge. The score is '
        what += f'{meaning(name)}.' if meaning(name) else f'that of {name}.'
    yield Trajectories(
        title,
        f'{what} The thick line leads now, of the operations that may be chosen.',
        panels,
        _kept(history, cell, criterion, edges),
        is_open=is_weight or criterion == history.facts.criterion,
    )


def _kept(
    history: SearchHistory, cell: str, criterion: str | None, edges: list[str]
) -> dict[str, str]:
    genotype = history.genotypes[criterion][-1] if criterion else None
    if genotype is None:
        return dict.fromkeys(edges, '')
    spec, kept = history.space.cells[cell], _kept_ops(genotype, cell, history)
    return {
        name: ', '.join(kept.get(edge, ())) or 'not kept'
        for name, edge in zip(edges, spec.edges, strict=True)
    }


def _kept_ops(
    genotype: Genotype, cell: str, history: SearchHistory
) -> Mapping[tuple[int, int], list[str]]:
    found: dict[tuple[int, int], list[str]] = {}
    spec = history.space.cells[cell]
    for node, edges in zip(spec.nodes, genotype.cells[cell].nodes, strict=True):
        for op, source in edges:
            found.setdefault((source, node), []).append(op)
    return found
