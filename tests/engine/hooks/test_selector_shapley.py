"""Shapley-NAS in a search and after it: it moves alpha where it decides, and nowhere else."""

from collections.abc import Callable
from typing import Any

import torch

from ostrdet.apis.select import select
from ostrdet.structures import load_genotype

JUDGE = {'type': 'Shapley', 'when': 'epoch', 'samples': 2}
#: Alpha has no gradient step, as published.
RESTING = {'train_cfg.arch_start_epoch': 3, 'train_cfg.max_epochs': 3}


def test_alpha_moves_by_the_sums_but_for_the_last_epoch(run_search: Callable[..., Any]) -> None:
    decides = {**RESTING, 'default_hooks.selector.criterion': {**JUDGE, 'first': 2}}
    keep = {'default_hooks.checkpoint.max_keep_ckpts': -1}
    run = run_search('decides', decides | keep)
    assert [line['scores']['Shapley'] is None for line in run.lines] == [True, False, False]
    alphas = [run.checkpoint(epoch)['state_dict']['alpha_cell'] for epoch in (1, 2, 3)]
    states = [run.checkpoint(epoch)['selector']['criteria']['Shapley'] for epoch in (1, 2, 3)]
    assert states[0]['accumulated'] == {}
    step_EO = (0.1 * states[1]['accumulated']['cell']).float()
    assert step_EO.any()
    assert torch.equal(alphas[1], alphas[0] + step_EO)
    assert torch.equal(alphas[2], alphas[1])
    both_EO = 0.1 * (states[1]['accumulated']['cell'] + states[2]['accumulated']['cell'])
    torch.testing.assert_close(states[2]['alphas']['cell'], both_EO)
    facts = states[2]['facts']
    assert facts['players'] == 30
    assert len(facts['removed']) == 2


def test_a_search_is_the_same_beside_it(run_search: Callable[..., Any]) -> None:
    alone = run_search('alone', {'default_hooks.selector.compare': ['Magnitude']})
    judged = run_search('judged', {'default_hooks.selector.compare': ['Magnitude', JUDGE]})
    for epoch in (1, 2):
        one, other = (run.checkpoint(epoch)['state_dict'] for run in (alone, judged))
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_tool_tells_the_sums_of_a_search_and_makes_one_estimate_of_another(
    run_search: Callable[..., Any],
) -> None:
    judged = run_search('judged', {**RESTING, 'default_hooks.selector.criterion': JUDGE})
    (found,) = select(judged.folder, ['Shapley'])
    assert found.forward_passes == 0
    assert found.genotype.cells == load_genotype(judged.folder / 'genotype.json').cells
    (anew,) = select(judged.folder, ['Shapley'], batches=1)
    assert anew.forward_passes == 2 + sum(anew.genotype.provenance['removed'])
    plain = run_search('plain')
    (after,) = select(plain.folder, ['Shapley'])
    assert after.forward_passes == 10 + sum(after.genotype.provenance['removed'])
