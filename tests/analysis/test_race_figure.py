"""Figures of the race and of the noise: what is drawn, levels, axes with units, captions."""

import io
from typing import Any

import pytest
from matplotlib.figure import Figure

from ostrdet.analysis.noise import draw_noise
from ostrdet.analysis.race import Lines, draw_alphas, draw_ratios
from ostrdet.visualization.style import styled

OPS = ('skip_connect', 'nor_conv_3x3')
LINES: Lines = {
    'cell 1<-0': {'num_cells 1': [{1: 0.5, 2: 0.8}, {1: 0.9}], 'num_cells 5': [{1: 1.1, 2: 1.25}]},
    'cell 2<-0': {'num_cells 1': [{1: 0.7, 2: 0.6}, {}], 'num_cells 5': [{1: 1.0, 2: 1.5}]},
}
NOISE = {
    edge: {
        op: [{'batch_size': size, 'strength': 1 / size, 'signal': 0.01} for size in (8, 16, 64)]
        for op in OPS
    }
    for edge in ('cell 1<-0', 'cell 2<-0', 'cell 2<-1')
}
DRAWN: dict[str, Any] = {
    'ratio of scores': lambda: draw_ratios(LINES, OPS, 'OperationStrength'),
    'difference of alphas': lambda: draw_alphas(LINES, OPS),
    'score (nats)': lambda: draw_noise(NOISE, 'after epoch 8, 1024 images'),
}


def draw(label: str) -> Figure:
    with styled():
        figure: Figure = DRAWN[label]()
        figure.savefig(io.BytesIO(), format='svg')  # what is laid out with warnings fails here
        return figure


def points(line: Any) -> tuple[list[float], list[float]]:
    return list(line.get_xdata()), list(line.get_ydata())


@pytest.mark.parametrize('label', DRAWN)
def test_every_panel_names_its_axes_and_the_figure_has_a_caption(label: str) -> None:
    figure = draw(label)
    for panel in figure.axes:
        assert panel.get_ylabel() == label
        assert panel.get_xlabel() in {'epoch of the search', 'number of images in a minibatch'}
        assert panel.get_title().startswith('cell ')
    (caption,) = [text.get_text() for text in figure.texts]
    assert caption.endswith('.')
    assert len(caption) > 100


@pytest.mark.parametrize(
    ('label', 'level', 'scale'), [('ratio of scores', 1, 'log'), ('difference of alphas', 0, 'linear')]
)  # fmt: skip
def test_a_panel_has_a_level_and_a_line_per_search(label: str, level: int, scale: str) -> None:
    figure = draw(label)
    assert [panel.get_title() for panel in figure.axes] == [*LINES]
    for panel, of_edge in zip(figure.axes, LINES.values(), strict=True):
        ground, *lines = panel.get_lines()
        assert [*ground.get_ydata()] == [level, level]
        drawn = [([*one], [*one.values()]) for searches in of_edge.values() for one in searches]
        assert [points(line) for line in lines] == drawn
        assert panel.get_yscale() == scale
        looks = [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines]
        assert looks[0] == looks[1] != looks[2]
    low, high = figure.axes[0].get_ylim()
    assert low < 0.5 < 1.5 < high


def test_the_legend_counts_the_searches_of_a_setting() -> None:
    (legend,) = draw('ratio of scores').legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ['num_cells 1 (n = 2)', 'num_cells 5 (n = 1)']


def test_a_single_epoch_is_marked_as_such() -> None:
    with styled():
        figure = draw_ratios({'cell 1<-0': {'num_cells 1': [{1: 0.9}]}}, OPS, 'Magnitude')
    assert figure.axes[0].get_xlim() == (0.5, 1.5)
    assert [tick for tick in figure.axes[0].get_xticks() if 0.5 <= tick <= 1.5] == [1]


def test_ratios_far_apart_have_ticks_at_powers_of_two() -> None:
    with styled():
        figure = draw_ratios({'cell 1<-0': {'N 1': [{1: 0.1, 2: 9.0}]}}, OPS, 'Magnitude')
    panel = figure.axes[0]
    low, high = panel.get_ylim()
    inside = [tick for tick in panel.get_yticks() if low <= tick <= high]
    assert {0.25, 0.5, 1, 2, 4} <= {*inside}
    assert 1.25 not in inside


def test_strength_is_solid_and_the_signal_dashed() -> None:
    figure = draw('score (nats)')
    assert len(figure.axes) == 3
    for panel in figure.axes:
        lines = panel.get_lines()
        assert [line.is_dashed() for line in lines] == [False, True, False, True]
        assert points(lines[0]) == ([8, 16, 64], [1 / 8, 1 / 16, 1 / 64])
        assert points(lines[1]) == ([8, 16, 64], [0.01] * 3)
        assert [*panel.get_xticks()] == [8, 16, 64]
        assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    (legend,) = figure.legends
    labels = [f'{kind}: {op}' for op in OPS for kind in ('strength', 'signal')]
    assert [text.get_text() for text in legend.get_texts()] == labels
