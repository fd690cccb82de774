"""Figures of the analyses: what is drawn, its axes with units, its caption; marks differ."""

import io
import math
from types import MappingProxyType
from typing import Any

import pytest
from matplotlib.figure import Figure

from ostrdet.analysis.changes import Candidate, SaturationPoint
from ostrdet.analysis.correlation import draw_correlation
from ostrdet.analysis.figures import draw_criteria, draw_landscape, draw_stability
from ostrdet.analysis.loss_change import draw_loss_change, draw_saturation
from ostrdet.analysis.residuals import draw_residuals
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.structures import Edge
from ostrdet.visualization.panels import MARKERS, marks, panels
from ostrdet.visualization.style import PALETTE, styled

CRITERIA = ('OperationStrength', 'Magnitude')
CANDIDATES = [
    Candidate(
        'cell',
        Edge(0, 1),
        op,
        0.25,
        0.1 * i - 0.1,
        0.1 * i,
        0.02 * i,
        None,
        dict.fromkeys(CRITERIA, 0.3 * i),
    )
    for i, op in enumerate(('none', 'skip_connect', 'nor_conv_3x3'))
]
POINTS = [SaturationPoint(w, 1 - w, -w, 2 - 2 * w, w * (2 - 2 * w), -w / 2) for w in (0.1, 0.5)]
EPOCHS = {1: spread([90.0, 92.0]), 2: spread([None, 93.0]), 3: spread([None, None])}
ARGUMENTS: dict[Any, tuple[Any, ...]] = {
    draw_correlation: (
        {name: {'1<-0': [0.5, 1.0], '2<-0': [math.nan, -1.0]} for name in CRITERIA},
        'table, cifar10',
    ),
    draw_stability: (
        dict.fromkeys(CRITERIA, EPOCHS),
        dict.fromkeys(CRITERIA, MappingProxyType({1: 2, 2: 1, 3: 2})),
        2,
        'cifar10',
    ),
    draw_criteria: (
        {
            'parameters (millions)': dict.fromkeys(CRITERIA, (1.0, 1.5)),
            'cifar10: test accuracy (%)': dict.fromkeys(CRITERIA, (93.0,)),
        },
        2,
    ),
    draw_landscape: ({'s0': {1: 0.2, 2: -0.4}, 's1': {1: 0.1}}, 2),
    draw_loss_change: (CANDIDATES, {'OperationStrength': 1.0, 'Magnitude': 0.5}, 'after epoch 2'),
    draw_residuals: (
        {'none': {1: 1.0, 2: 1.0}, 'skip_connect': {1: 0.5, 2: 0.75}},
        {'none': [1.0, 1.0], 'skip_connect': [0.25, 1.25]},
        2,
        1,
    ),
    draw_saturation: ({'cell 1<-0: none': POINTS, 'cell 2<-0: none': POINTS}, 'after epoch 2'),
}
PANELS = dict(zip(ARGUMENTS, (2, 2, 2, 1, 3, 2, 2), strict=True))
UNITS = ('(%)', '(nats', '(millions)', 'rho', 'number of', 'epoch', 'edge (', 'weight p', 'score', 'criterion', 'relative to', 'operation')  # fmt: skip


def draw(function: Any) -> Figure:
    with styled():
        return function(*ARGUMENTS[function])


def lines_of(
    figure: Figure, panel: int, marker: str | None = None
) -> list[tuple[list[float], list[float]]]:
    lines = [line for line in figure.axes[panel].get_lines() if marker in {None, line.get_marker()}]
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in lines]


@pytest.mark.parametrize('function', ARGUMENTS)
def test_every_panel_names_its_axes_and_the_figure_has_a_caption(function: Any) -> None:
    figure = draw(function)
    with styled():
        figure.savefig(io.BytesIO(), format='svg')  # what is laid out with warnings fails here
    assert len(figure.axes) == PANELS[function]
    for panel in figure.axes:
        shares_left = panel.get_shared_y_axes().get_siblings(panel)
        labels = [panel.get_xlabel(), max((one.get_ylabel() for one in shares_left), key=len)]
        assert all(any(unit in label for unit in UNITS) for label in labels)
    (caption,) = [text.get_text() for text in figure.texts]
    assert caption.endswith('.')
    assert len(caption) > 100


def test_correlations_are_dots_around_their_mean() -> None:
    figure = draw(draw_correlation)
    assert lines_of(figure, 0, '.')[0][1] == [0.5, 1.0]
    assert lines_of(figure, 0, '.')[1][1][1] == -1
    assert lines_of(figure, 0, MARKERS[0]) == [([0], [0.75]), ([1], [-1])]
    assert figure.axes[0].get_title() == 'OperationStrength\n0.17 +- 1.04'


def test_stability_leaves_out_what_is_not_known() -> None:
    figure = draw(draw_stability)
    assert lines_of(figure, 0)[0] == ([1, 2], [91, 93])
    assert lines_of(figure, 1)[0] == ([1, 2, 3], [2, 1, 2])
    low, high = figure.axes[0].get_ylim()
    assert 90 < low < 91 < 93 < high < 94


def test_stability_without_any_accuracy_shows_the_cells_alone() -> None:
    unknown = {name: {1: spread([None])} for name in CRITERIA}
    figure = draw_stability(unknown, ARGUMENTS[draw_stability][1], 2, 'cifar10')
    assert [panel.get_ylabel() for panel in figure.axes] == ['number of different cells']


def test_criteria_show_every_search_and_the_mean() -> None:
    figure = draw(draw_criteria)
    assert lines_of(figure, 0)[0] == ([1.0, 1.5], [-0.2, 0.2])
    assert lines_of(figure, 0)[1] == ([1.25], [0])


def test_landscape_follows_the_epochs_of_each_search() -> None:
    figure = draw(draw_landscape)
    assert lines_of(figure, 0) == [([1, 2], [0.2, -0.4]), ([1], [0.1])]
    assert 'on 2 minibatches that are the same' in ' '.join(figure.texts[0].get_text().split())


def test_loss_changes_by_operation() -> None:
    figure = draw(draw_loss_change)
    assert lines_of(figure, 0)[1] == ([0.1], [0.3])
    assert figure.axes[1].get_title() == 'Magnitude: rho 0.50'
    *_, last = lines_of(figure, 2)
    assert last == ([pytest.approx(0.1)], [0.04])


def test_saturation_draws_estimates_dashed() -> None:
    figure = draw(draw_saturation)
    _, *curves = figure.axes[0].get_lines()
    assert list(curves[0].get_ydata()) == [0.9, 0.5]
    assert [curve.is_dashed() for curve in curves] == [False, True, True, False, True]


def test_no_two_names_look_alike() -> None:
    assert len(MARKERS) == len(PALETTE)
    assert len({(m['color'], m['marker']) for m in map(marks, range(8))}) == 8


def test_panels_beyond_their_number_are_removed() -> None:
    figure, axes = panels(4, 3, (100, 80), 'A caption.')
    assert len(axes) == len(figure.axes) == 4
