"""Criteria under weightings that compute one operation per edge: refused, or fed by probes."""

from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError

HARD = {'model.weighting': {'type': 'GumbelWeighting', 'hard': True}}


def test_criteria_that_compare_all_are_refused_where_one_is_computed(run_search: Any) -> None:
    with pytest.raises(InvalidValueError, match=r'OperationStrength compares .*selector\.probe=N'):
        run_search(overrides=HARD)
    magnitude = {'type': 'SelectorHook', 'criterion': {'type': 'Magnitude'}}
    compared = {**magnitude, 'compare': ['AlphaSaliency', 'PruningSaliency']}
    with pytest.raises(InvalidValueError, match=r'leave PruningSaliency out of .*compare'):
        run_search(overrides={**HARD, 'default_hooks.selector': compared})
    alone = {**magnitude, 'compare': ['AlphaSaliency']}
    run = run_search(overrides={**HARD, 'default_hooks.selector': alone})
    assert [sorted(line['scores']) for line in run.lines] == [['AlphaSaliency', 'Magnitude']] * 2


def test_probes_feed_the_criteria_and_change_nothing_else(run_search: Any) -> None:
    quiet = {'type': 'SelectorHook', 'criterion': {'type': 'Magnitude'}, 'compare': []}
    plain = run_search('plain', overrides={**HARD, 'default_hooks.selector': quiet})
    probed = run_search(overrides={**HARD, 'default_hooks.selector.probe': 3})
    for epoch in (1, 2):
        states = (run.checkpoint(epoch)['state_dict'] for run in (plain, probed))
        assert all(
            torch.equal(one, other) for one, other in zip(*map(dict.values, states), strict=False)
        )
    criteria = probed.checkpoint(2)['selector']['criteria']
    assert criteria['OperationStrength']['observed'] == 2  # of the iterations 0 to 4
    rows = torch.tensor(probed.lines[-1]['scores']['OperationStrength']['cell'])
    assert (rows > 0).all()


def test_two_candidates_alone_are_no_matter_of_strength(run_search: Any) -> None:
    pair = {'model.supernet.space.ops': ('skip_connect', 'nor_conv_1x1')}
    for name in ('OperationStrength', 'OperationStrengthStar'):
        overrides = {**pair, 'default_hooks.selector.criterion.type': name}
        with pytest.raises(
            InvalidValueError, match=r'edge 1<-0 of cell .*skip_connect and nor_conv'
        ):
            run_search(name, overrides=overrides)
    judge = {'type': 'LossChange', 'batches': 1, 'when': 'epoch'}
    overrides = {**pair, 'default_hooks.selector.criterion': judge, 'train_cfg.max_epochs': 1}
    (line,) = run_search('judged', overrides=overrides).lines
    assert line['genotypes']['LossChange'] is not None


def test_a_line_holds_the_numbers_that_follow_the_epoch(run_search: Any) -> None:
    cooled = {'type': 'GumbelWeighting', 'tau': {'type': 'LinearToLast', 'start': 4, 'end': 1}}
    fading = {
        'type': 'AuxiliarySkipMixedOp',
        'coefficient': {'type': 'Linear', 'start': 1, 'end': 0},
    }
    decay = [{'type': 'BetaDecay', 'weight': {'type': 'Linear', 'start': 0, 'end': 50}}]
    overrides = {
        'model.weighting': cooled,
        'model.supernet.mixed_op': fading,
        'model.regularizers': decay,
        'default_hooks.report.interval': 1,
    }
    run = run_search(overrides=overrides)
    assert [line['progress'] for line in run.lines] == [
        {
            'GumbelWeighting.tau': tau,
            'AuxiliarySkipMixedOp.coefficient': b,
            'BetaDecay.weight': weight,
        }
        for tau, b, weight in ((4.0, 1.0, 0.0), (1.0, 0.5, 25.0))
    ]
    page = (run.folder / 'report.html').read_text(encoding='utf-8')
    assert 'GumbelWeighting.tau over the epochs' in page


def test_a_report_of_edges_with_candidates_of_their_own(run_search: Any) -> None:
    rows = [['none', 'skip_connect', 'nor_conv_1x1']] * 5 + [['nor_conv_3x3']]
    overrides = {
        'model.supernet.space': {'type': 'NASBench201Space', 'candidates': {'cell': rows}},
        'default_hooks.report.interval': 1,
    }
    run = run_search(overrides=overrides)
    assert all(line['scores']['OperationStrength']['cell'][5][4] == 0 for line in run.lines)
    page = (run.folder / 'report.html').read_text(encoding='utf-8')
    assert 'nan' not in page.lower().replace('nanmax', '')
