"""Stop rules in a search: which genotype is left, resuming, and what is refused before it begins."""

from typing import Any

import pytest
import torch

from ostrdet.engine.hooks import epoch_view
from ostrdet.engine.loops.seeded_data import first_batches
from ostrdet.models.unwrap import searcher_of

STOP = 'default_hooks.selector.stop'
EARLY = {'type': 'CurvatureRise', 'interval': 1, 'first': 0, 'window': 1, 'lag': 1}


def test_a_rise_of_the_curvature_leaves_the_genotype_of_before(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epoch_view, 'curvature', lambda runner: 1.5**runner.epoch)
    overrides = {
        STOP: [EARLY],
        'train_cfg.max_epochs': 5,
        'optim_wrapper.arch.optimizer.lr': 1.0,
        'default_hooks.selector.criterion.type': 'Magnitude',
    }
    run = run_search(overrides=overrides)
    assert len(run.lines) == 2
    first, second = ((run.folder / f'genotypes/epoch_00{n}.json').read_bytes() for n in (1, 2))
    assert first != second
    assert (run.folder / 'genotype.json').read_bytes() == first
    before = (run.folder / 'trajectory.jsonl').read_bytes()
    assert run_search(overrides=overrides, resume='auto').iterations == []
    assert (run.folder / 'genotype.json').read_bytes() == first
    assert (run.folder / 'trajectory.jsonl').read_bytes() == before
    log = (run.folder / 'run.log').read_text(encoding='utf-8')
    assert 'stopped: the curvature rose to 1.500 of that of epoch 0' in log


def test_the_curvature_is_the_largest_eigenvalue_plus_the_decay(two_epochs: Any) -> None:
    runner = two_epochs.runner
    searcher = searcher_of(runner)
    (data,) = first_batches(runner.train_loop.arch_dataloader, 1)
    batch = searcher.prepare(data)
    alpha = searcher.alphas['cell']
    (grad,) = torch.autograd.grad(
        searcher.mix_loss(batch, searcher.mix()), [alpha], create_graph=True
    )
    rows = [torch.autograd.grad(g, [alpha], retain_graph=True)[0] for g in grad.reshape(-1)]
    hessian = torch.stack([row.reshape(-1) for row in rows]).double()
    expected = torch.linalg.eigvalsh((hessian + hessian.T) / 2)[-1].item() + 1e-3
    buffers = {name: buffer.clone() for name, buffer in searcher.named_buffers()}
    assert epoch_view.curvature(runner) == pytest.approx(expected, rel=1e-4)
    assert all(torch.equal(buffers[name], buffer) for name, buffer in searcher.named_buffers())


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        (
            {STOP: [{'type': 'CurvatureRise'}], 'train_cfg.portions': (0.1,)},
            r'selector\.stop: CurvatureRise measures .* a search on one level has not',
        ),
        (
            {STOP: [{'type': 'TooManySkips'}], 'default_hooks.selector.compare': []},
            r"TooManySkips\.criterion='Magnitude' is not computed in this search",
        ),
    ],
)
def test_a_search_that_can_not_feed_a_rule(
    run_search: Any, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run_search(overrides=overrides)


def test_an_unknown_rule_is_named_with_its_key(run_search: Any) -> None:
    with pytest.raises(KeyError, match=r"selector\.stop\.0\.type'.*Did you mean 'TooManySkips'"):
        run_search(overrides={STOP: [{'type': 'TooManySkip'}]})
