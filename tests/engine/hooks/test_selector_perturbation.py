"""DARTS-PT in a search and after it: fine-tuning between two steps leaves the search alone."""

from collections.abc import Callable
from typing import Any

import torch

from ostrdet.apis.select import select


def test_fine_tuning_trains_a_copy_alone(run_search: Callable[..., Any]) -> None:
    judge = {'type': 'Perturbation', 'batches': 2, 'finetune_epochs': 1}
    alone = run_search('alone', {'default_hooks.selector.compare': ['Magnitude']})
    judged = run_search('judged', {'default_hooks.selector.compare': ['Magnitude', judge]})
    one, other = (run.checkpoint(2)['state_dict'] for run in (alone, judged))
    assert all(torch.equal(one[name], other[name]) for name in one)
    (found,) = select(judged.folder, ['Perturbation'], batches=2)
    assert found.text == judged.lines[-1]['genotypes']['Perturbation']
    assert found.forward_passes == 2 * 30 + 6 * 5 * 4  # a step of 4 iterations between two
    (plain,) = select(alone.folder, ['Perturbation'], batches=2)
    assert plain.forward_passes == 2 * 30
