"""The figures of the report, each with its title and a caption for readers without the paper."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ostrdet.records.history import SearchHistory
from ostrdet.structures import CellSpec
from ostrdet.visualization.cells.figure import cells_figure
from ostrdet.visualization.cells.graph import edge_name
from ostrdet.visualization.curves import Curve, curves_svg
from ostrdet.visualization.page import Picture, picture
from ostrdet.visualization.report.judgement import COLLAPSE, without_parameters
from ostrdet.visualization.report.margin_map import margin_svg
from ostrdet.visualization.report.series import (
    Margins,
    count_ops,
    margins,
    num_kept,
    unchanged_epochs,
)
from ostrdet.visualization.report.text import (
    cell_title,
    compared,
    free_ops,
    meaning,
    new_edges,
    selectable,
    skip_ops,
)
from ostrdet.visualization.style import inline_svg, styled


def edge_names(spec: CellSpec) -> list[str]:
    """The names of all edges, in the order of the rows of alpha."""
    return [edge_name(*edge) for edge in spec.edges]


def cell_pictures(history: SearchHistory) -> Iterator[Picture]:
    """Every cell of both criteria, with the edges marked that the last epoch changed."""
    for cell in history.space.cells:
        for criterion in compared(history):
            *before, last = history.genotypes[criterion]
            if last is None:
                continue
            verb = 'chooses' if criterion == history.facts.criterion else 'would choose'
            title = f'{cell_title(history, cell).capitalize()} that {criterion} {verb}'
            with styled():
                figure = cells_figure(last, before[-1] if before else None, only=cell)
                svg = inline_svg(figure, title)
            changed = len(new_edges(before[-1] if before else None, last, cell))
            told = (
                f'Changed by the last epoch: {changed} of {num_kept(history.space.cells[cell])}. '
            )
            told += f'Without parameters: {without_parameters(history, last, cell)}.'
            score = f'Score: {meaning(criterion)}.' if meaning(criterion) else ''
            yield picture(title, f'{told} {score}', svg)


def table_pictures(history: SearchHistory) -> Iterator[Picture]:
    """Accuracies of every criterion's cell, a figure for each data set of the table."""
    found = [line.get('benchmark') or {} for line in history.lines]
    datasets = dict.fromkeys(
        name for line in found for values in line.values() if values for name in values
    )
    for dataset in datasets:
        curves = [
            Curve(
                criterion,
                np.array([(line.get(criterion) or {}).get(dataset, np.nan) for line in found]),
                index,
                is_main=criterion == history.facts.criterion,
            )
            for index, criterion in enumerate(history.criteria)
        ]
        label = f'Table accuracy on {dataset}'
        yield picture(
            label,
            'What the cell of each criterion reaches when it is trained in full, looked up in '
            f'{history.facts.table or "the table"}; higher is better. The search itself never sees '
            'these numbers.',
            curves_svg(label, 'test accuracy, %', history.epochs, curves),
        )


def stability_picture(history: SearchHistory) -> Picture:
    """For how many epochs each criterion has kept its cell."""
    curves = [
        Curve(name, unchanged_epochs(choices), index, is_main=name == history.facts.criterion)
        for index, (name, choices) in enumerate(history.genotypes.items())
    ]
    label, most = 'Stability of the choice', max(float(curve.values.max()) for curve in curves)
    return picture(
        label,
        'For how many epochs the cell of each criterion has stayed the same. A line that climbs has '
        'settled; one that falls to zero has changed its cell.',
        curves_svg(
            label, 'epochs since the last change', history.epochs, curves, most=max(1.0, most)
        ),
    )


def collapse_pictures(history: SearchHistory) -> Iterator[Picture]:
    """Skip connections and parameter-free operations of both criteria, a figure per cell."""
    free = free_ops(history)
    skips = skip_ops(history)
    for cell, spec in history.space.cells.items() if free else ():
        curves = []
        for index, criterion in enumerate(compared(history)):
            cells = [g.cells[cell] if g else None for g in history.genotypes[criterion]]
            for offset, (name, ops) in enumerate({'skips': skips, 'all': free}.items()):
                values = count_ops(cells, ops)
                style = history.criteria.index(criterion)
                curves.append(Curve(f'{criterion}: {name}', values, style, index == 0, offset))
        label = f'Operations without parameters in the {cell_title(history, cell)}'
        limit = COLLAPSE * num_kept(spec)
        yield picture(
            label,
            f'Edges, of {num_kept(spec)}, that carry a skip connection ({", ".join(skips)}), and '
            f'that carry any operation without parameters ({", ".join(free)}). Where these dominate '
            'most cells of a network, the search has collapsed: it will do poorly once trained.',
            curves_svg(
                label, 'edges', history.epochs, curves, ('half of the edges', limit), num_kept(spec)
            ),
        )


def margin_pictures(history: SearchHistory) -> Iterator[Picture]:
    """How clear the choice on every edge is, for both criteria."""
    for cell, spec in history.space.cells.items():
        margins_of = {
            criterion: margins(history.values('scores', cell, criterion), selectable(history))
            for criterion in compared(history)
        }
        largest = [np.nanmax(found.percent, initial=1.0) for found in margins_of.values()]
        for criterion, found in margins_of.items():
            label = f'Margins of {criterion} in the {cell_title(history, cell)}'
            yield picture(
                label,
                _narrowest(edge_names(spec), found),
                margin_svg(
                    label, history.epochs, edge_names(spec), history.space.ops, found, max(largest)
                ),
            )


def _narrowest(edges: Sequence[str], found: Margins) -> str:
    last = found.percent[-1]
    if not np.isfinite(last).any():
        return 'There are no scores in the last epoch.'
    edge = int(np.nanargmin(last))
    return f'Closest to a tie in the last epoch: {edges[edge]}, by {last[edge]:.1f} %.'


def progress_pictures(history: SearchHistory) -> Iterator[Picture]:
    """The numbers of the method that follow the epoch: temperatures, coefficients, weights."""
    for name in history.lines[-1].get('progress') or {}:
        values = history.scalars('progress', name)
        yield picture(
            f'{name} over the epochs',
            'A number of the method that its config lets follow the epoch.',
            curves_svg(
                f'{name} over the epochs',
                name.rpartition('.')[2],
                history.epochs,
                [Curve(name, values, 0, True)],
            ),
        )


def training_pictures(history: SearchHistory) -> Iterator[Picture]:
    """Losses and accuracy of the supernet."""
    names: Mapping[str, str] = {'loss': 'weights half', 'arch_loss': 'architecture half'}
    curves = [
        Curve(name, values, index, is_main=index == 0)
        for index, (key, name) in enumerate(names.items())
        if np.isfinite(values := history.scalars('losses', key)).any()
    ]
    if curves:
        yield picture(
            'Losses of the supernet',
            'Mean cross-entropy of every epoch on the images that train the weights, and on those '
            'that train the architecture. Where the second stays while the first falls, the '
            'supernet overfits.',
            curves_svg('Losses of the supernet', 'cross-entropy, nats', history.epochs, curves),
        )
    accuracy = history.scalars('val_accuracy')
    if np.isfinite(accuracy).any():
        label = 'Accuracy of the supernet'
        yield picture(
            label,
            'Top-1 accuracy on the architecture half, with all operations of every edge mixed. It '
            'says how well the search learns, not how good the cell is.',
            curves_svg(
                label, 'accuracy, %', history.epochs, [Curve('supernet', accuracy, 0, True)]
            ),
        )
