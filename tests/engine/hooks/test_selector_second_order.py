"""Criteria of the second order in a search: what they observe, and that the search stays what it is."""

from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError

NAMES = ('SecondOrderStrength', 'GaussNewtonStrength')
BOTH = {
    'type': 'SelectorHook',
    'criterion': {'type': NAMES[0], 'interval': 3},
    'compare': [{'type': NAMES[1], 'interval': 2}],
}
HARD = {'model.weighting': {'type': 'GumbelWeighting', 'hard': True}}


def observed(run: Any, name: str) -> tuple[int, int]:
    """Minibatches, and estimates, of the last epoch."""
    state = run.checkpoint(2)['selector']['criteria'][name]
    return state['first']['observed'], state['second']['observed']


def test_they_choose_and_change_nothing_else(run_search: Any, two_epochs: Any) -> None:
    run = run_search(overrides={'default_hooks.selector': BOTH})
    for epoch in (1, 2):
        states = [search.checkpoint(epoch)['state_dict'] for search in (two_epochs, run)]
        assert all(map(torch.equal, *map(dict.values, states)))
    assert [observed(run, name) for name in NAMES] == [(4, 2), (4, 2)]  # of 0 to 3: 0, 3 and 0, 2
    for line in run.lines:
        assert all(line['genotypes'][name] for name in NAMES)
        assert line['skipped'] == dict.fromkeys(NAMES, 0)


def test_one_computed_operation_is_refused_without_a_probe(run_search: Any) -> None:
    with pytest.raises(
        InvalidValueError, match=r'SecondOrderStrength compares .*selector\.probe=N'
    ):
        run_search(overrides={**HARD, 'default_hooks.selector': BOTH})
    run = run_search('probed', {**HARD, 'default_hooks.selector': {**BOTH, 'probe': 2}})
    # Of the iterations 0 to 3 the probes are 0 and 2
    assert [observed(run, name) for name in NAMES] == [(2, 1), (2, 2)]


def test_an_estimate_that_is_not_finite_stops_no_search(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradients of the search are; a minibatch without an estimate is counted."""

    def broken(searcher: Any, *_: Any, **__: Any) -> dict[str, Any]:
        nan = {name: torch.full_like(a.detach(), torch.nan) for name, a in searcher.alphas.items()}
        return {'hutchinson': {name: (bad_EO, bad_EO) for name, bad_EO in nan.items()}}

    monkeypatch.setattr('ostrdet.engine.hooks.selector.block_pairs', broken)
    selector = {**BOTH, 'compare': ['Magnitude']}
    run = run_search(overrides={'default_hooks.selector': selector})
    assert [line['skipped'][NAMES[0]] for line in run.lines] == [2, 2]
    assert [line['genotypes'][NAMES[0]] for line in run.lines] == [None, None]
