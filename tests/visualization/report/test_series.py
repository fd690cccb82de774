"""What figures show, against loops and closed forms."""

import numpy as np
import pytest

from ostrdet.spaces import build_space
from ostrdet.structures import CellGenotype
from ostrdet.visualization.report.series import (
    count_ops,
    margins,
    num_kept,
    shares,
    unchanged_epochs,
)

RANDOM = np.random.default_rng(0).random((4, 3, 5))


def test_shares_are_parts_of_the_edge() -> None:
    found = shares(RANDOM)
    for t, e, o in np.ndindex(RANDOM.shape):
        assert found[t, e, o] == pytest.approx(100 * RANDOM[t, e, o] / sum(RANDOM[t, e]), rel=1e-12)


def test_an_edge_without_scores_has_no_shares() -> None:
    assert np.isnan(shares(np.zeros((1, 1, 3)))).all()
    assert np.isnan(shares(np.full((1, 1, 3), np.nan))).all()


@pytest.mark.parametrize('selectable', [[0, 1, 2, 3, 4], [1, 3], [2]])
def test_margins_are_those_of_the_two_best(selectable: list[int]) -> None:
    found = margins(RANDOM, selectable)
    for t, e in np.ndindex(RANDOM.shape[:2]):
        values = sorted((RANDOM[t, e, o] for o in selectable), reverse=True)
        second = values[1] if len(values) > 1 else 0.0
        assert found.percent[t, e] == pytest.approx(100 * (1 - second / values[0]), rel=1e-12)
        assert RANDOM[t, e, found.best[t, e]] == values[0]
        assert found.best[t, e] in selectable


def test_margins_of_ties_zeros_and_nothing() -> None:
    scores = np.array([[[2.0, 2.0], [0.0, 0.0], [np.nan, np.nan]]])
    found = margins(scores, [0, 1])
    np.testing.assert_array_equal(found.percent, [[0.0, 0.0, np.nan]])
    np.testing.assert_array_equal(found.best, [[0, 0, -1]])


def test_operations_are_counted_per_cell() -> None:
    cell = CellGenotype(((('a', 0),), (('b', 0), ('a', 1))), (2,))
    np.testing.assert_array_equal(count_ops([cell, None], {'a'}), [2, np.nan])
    np.testing.assert_array_equal(count_ops([cell], ()), [0])


@pytest.mark.parametrize(('space', 'edges'), [('DARTSSpace', 8), ('NASBench201Space', 6)])
def test_number_of_kept_edges(space: str, edges: int) -> None:
    assert {num_kept(spec) for spec in build_space({'type': space}).cells.values()} == {edges}


@pytest.mark.parametrize(
    ('choices', 'counts'),
    [('', []), ('a', [0]), ('aab', [0, 1, 0]), ([None, None, 'a', 'a'], [0, 0, 0, 1])],
)
def test_unchanged_epochs(choices: object, counts: list[int]) -> None:
    assert unchanged_epochs(list(choices)).tolist() == counts  # type: ignore[call-overload]
