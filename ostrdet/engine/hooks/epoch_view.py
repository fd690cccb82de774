"""What stop rules may know of a search, and criteria of its supernet, at the end of an epoch."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import Runner

from ostrdet.engine.loops.finetuning import FineTuning
from ostrdet.engine.loops.seeded_data import first_batches
from ostrdet.kernels.curvature import extreme_eigenvalues
from ostrdet.models.searchers import SupernetProbe
from ostrdet.models.searchers.curvature import alpha_hessian
from ostrdet.models.unwrap import searcher_of
from ostrdet.selection import EpochView, EvaluatingCriterion, Panel
from ostrdet.structures import ArchState, Genotype
from ostrdet.version import __version__

LOSSES = ('loss', 'arch_loss')


def evaluate(runner: Runner, due: Sequence[EvaluatingCriterion], state: ArchState) -> None:
    """Let criteria evaluate the supernet."""
    if not due:
        return
    searcher, loader = searcher_of(runner), runner.train_loop.arch_dataloader
    numbers = [criterion.num_batches(len(loader)) for criterion in due]
    data = [searcher.prepare(one) for one in first_batches(loader, max(numbers))]
    for criterion, number in zip(due, numbers, strict=True):
        beside = FineTuning(runner)
        probe = SupernetProbe(searcher, data[:number], beside, beside.weight_batches)
        criterion.evaluate(probe, state)


@torch.no_grad()
def steer(runner: Runner, panel: Panel, state: ArchState) -> None:
    """Let the criterion that decides fix edges and move alpha for the epochs to come."""
    criterion, searcher = panel.criteria[panel.chosen], searcher_of(runner)
    criterion.decide(state, searcher.space, runner.epoch + 1)
    if panel.decisions:
        searcher.decide(panel.decisions)
    if (step := criterion.alpha_step()) is not None:
        for name, alpha_EO in searcher.alphas.items():
            alpha_EO.add_(step[name].to(alpha_EO))


def epoch_view(
    runner: Runner,
    state: ArchState,
    genotypes: Mapping[str, Genotype | None],
    chosen: str,
    stable_epochs: int,
) -> EpochView:
    """The end of the present epoch; arguments as the attributes of :class:`EpochView`."""
    return EpochView(
        epoch=runner.epoch,
        is_last=runner.epoch + 1 == runner.max_epochs,
        has_moved=runner.epoch >= runner.train_loop.arch_start_epoch,
        state=state,
        genotypes=genotypes,
        chosen=chosen,
        stable_epochs=stable_epochs,
        curvature=partial(curvature, runner),
    )


def curvature(runner: Runner) -> float:
    """The largest eigenvalue of the Hessian in alpha on one fixed minibatch, with alpha's decay."""
    searcher, loader = searcher_of(runner), runner.train_loop.arch_dataloader
    batches = [searcher.prepare(one) for one in first_batches(loader, 1)]
    decay: float = runner.optim_wrapper['arch'].param_groups[0]['weight_decay']
    return extreme_eigenvalues(alpha_hessian(searcher, batches)).largest + decay


def mean_losses(runner: Runner) -> dict[str, float]:
    """Means over the epoch; they are in the checkpoint, so those of a resumed run are the same."""
    hub, window = runner.message_hub, len(runner.train_loop.dataloader)
    names = (name for name in LOSSES if f'train/{name}' in hub.log_scalars)
    return {name: float(hub.get_scalar(f'train/{name}').mean(window)) for name in names}


def provenance(runner: Runner, criterion: str, window: int) -> dict[str, Any]:
    """Where a genotype that is selected now comes from, as plain values."""
    return {
        'criterion': criterion,
        **({'window': window} if window > 1 else {}),
        'epoch': runner.epoch + 1,
        'seed': runner.seed,
        'config': Path(runner.cfg.filename or '').name,
        'versions': {'ostrdet': __version__, 'torch': str(torch.__version__)},
    }
