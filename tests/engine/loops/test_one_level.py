"""Loops of searches on one level, and with an interval between architecture steps."""

from itertools import pairwise
from typing import Any

import pytest
import torch

from ostrdet.apis.search import build_search
from ostrdet.errors import InvalidValueError
from ostrdet.models.searchers import BilevelSearcher

ONE_LEVEL = {'train_cfg.portions': (0.1,)}
INTERVAL = {'train_cfg.arch_interval': 3}


def test_one_level_takes_every_sample_for_both(run_search: Any) -> None:
    run = run_search(overrides=ONE_LEVEL)
    loop = run.runner.train_loop
    assert loop.is_one_level
    assert len(loop.weight_indices) == 144
    assert loop.weight_indices.tolist() == loop.arch_indices.tolist()
    assert [len(batches) for batches in loop.pairs()] == [1] * 9
    observed = run.checkpoint(2)['selector']['criteria']['OperationStrength']['observed']
    assert observed == 9
    assert [list(line['losses']) for line in run.lines] == [['loss']] * 2


def test_alpha_takes_a_step_in_every_third_iteration(tiny_config: Any, tmp_path: Any) -> None:
    loop = build_search(tiny_config(INTERVAL), work_dir=tmp_path).train_loop
    moves = [arch is not None for _, arch in loop.pairs()]
    assert moves == [True, False, False, True]
    late = [arch is not None for _, arch in loop.pairs(start=2)]
    assert late == moves[2:]


def test_an_epoch_that_begins_late_has_the_same_batches(tiny_config: Any, tmp_path: Any) -> None:
    loop = build_search(tiny_config(INTERVAL), work_dir=tmp_path).train_loop
    whole, late = list(loop.pairs()), list(loop.pairs(start=2))
    for (weights, arch), (other_weights, other_arch) in zip(whole[2:], late, strict=True):
        assert all(map(torch.equal, weights['inputs'], other_weights['inputs']))
        assert (arch is None) == (other_arch is None)
        if arch is not None:
            assert all(map(torch.equal, arch['inputs'], other_arch['inputs']))


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        ({'train_cfg.arch_interval': 5}, r'arch_interval=5, but an epoch has 4 iterations'),
        (
            {**ONE_LEVEL, 'model.arch_update.type': 'UnrolledUpdate'},
            r'model\.arch_update: a search on one level',
        ),
    ],
)
def test_bad_loops_are_refused(
    tiny_config: Any, tmp_path: Any, overrides: dict[str, Any], message: str
) -> None:
    runner = build_search(tiny_config(overrides), work_dir=tmp_path)
    with pytest.raises(InvalidValueError, match=message):
        assert runner.train_loop


def test_the_weights_move_between_implicit_steps_of_alpha(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    step = BilevelSearcher.train_step

    def noted(self: BilevelSearcher, *args: Any, **kwargs: Any) -> Any:
        logs = step(self, *args, **kwargs)
        weights = torch.cat([w.detach().reshape(-1) for w in self.bare_supernet.parameters()])
        seen.append((weights, self.alphas['cell'].detach().clone()))
        return logs

    monkeypatch.setattr(BilevelSearcher, 'train_step', noted)
    overrides = {'model.arch_update.type': 'ImplicitUpdate', 'train_cfg.arch_interval': 2}
    run_search(overrides=overrides)
    moved = [
        [not torch.equal(before, after) for before, after in zip(first, second, strict=True)]
        for first, second in pairwise(seen)
    ]
    assert moved == [[True, bool(index % 2)] for index in range(7)]
