"""The small charts per edge: their lines are where the numbers are."""

import re

import numpy as np
import pytest

from ostrdet.visualization.report.panels import HEIGHT, WIDTH, dash_array, edge_panels
from ostrdet.visualization.style import line_style

EPOCHS = np.arange(1, 6)
VALUES = np.random.default_rng(0).random((5, 2, 3))
EDGES = ['0 → 1', '0 → 2']


def points(text: str) -> np.ndarray:
    return np.array([[float(number) for number in pair.split(',')] for pair in text.split()])


def test_pixels_are_a_line_through_the_values() -> None:
    panels = edge_panels('key', 'share, %', EPOCHS, EDGES, VALUES, [0, 1, 2])
    assert panels is not None
    assert list(panels.lines) == EDGES
    x, y, values = [], [], []
    for index, edge in enumerate(EDGES):
        assert sorted(line.op for line in panels.lines[edge]) == [0, 1, 2]
        for line in panels.lines[edge]:
            pixels = points(line.points)
            x += pixels[:, 0].tolist()
            y += pixels[:, 1].tolist()
            values += VALUES[:, index, line.op].tolist()
    assert 0 < min(x) < max(x) < WIDTH
    assert 0 < min(y) < max(y) < HEIGHT
    for pixel, number, sign in ((x, np.tile(EPOCHS, 6), 1), (y, values, -1)):
        slope, offset = np.polyfit(number, pixel, 1)
        assert np.sign(slope) == sign
        np.testing.assert_allclose(slope * np.array(number) + offset, pixel, atol=0.06)


@pytest.mark.parametrize('selectable', [[0, 1, 2], [1, 2], [0]])
def test_the_leader_is_the_best_that_may_be_chosen_and_lies_on_top(selectable: list[int]) -> None:
    panels = edge_panels('key', 'share, %', EPOCHS, EDGES, VALUES, selectable)
    assert panels is not None
    for index, edge in enumerate(EDGES):
        *others, last = panels.lines[edge]
        assert last.is_best
        assert not any(line.is_best for line in others)
        assert last.op == max(selectable, key=lambda op: VALUES[-1, index, op])


def test_epochs_without_numbers_are_left_out() -> None:
    values = VALUES.copy()
    values[:2] = np.nan
    panels = edge_panels('key', 'share, %', EPOCHS, EDGES, values, [0, 1, 2])
    assert panels is not None
    assert {len(points(line.points)) for lines in panels.lines.values() for line in lines} == {3}
    nothing = np.full_like(VALUES, np.nan)
    assert edge_panels('key', 'share, %', EPOCHS, EDGES, nothing, [0]) is None


def test_the_axes_are_named() -> None:
    panels = edge_panels('key', 'share, %', EPOCHS, EDGES, VALUES, [0])
    assert panels is not None
    texts = re.findall(r'<text[^>]*>([^<]+)</text>', panels.axes)
    assert {'epoch', 'share, %', '2', '4'} <= set(texts)


def test_equal_values_have_an_axis_too() -> None:
    panels = edge_panels('key', 'share, %', EPOCHS[:1], EDGES, np.ones((1, 2, 3)), [0])
    assert panels is not None
    assert np.isfinite(points(panels.lines[EDGES[0]][0].points)).all()


def test_dashes_are_those_of_the_other_figures() -> None:
    assert dash_array(0) == 'none'
    for index in range(1, 5):
        _, pattern = line_style(index)['linestyle']
        assert [float(part) / 1.6 for part in dash_array(index).split()] == pytest.approx(pattern)
