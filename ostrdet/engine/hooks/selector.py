"""Selects a cell at the end of every epoch, by every criterion, from one and the same search."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.engine.hooks.finite import non_finite
from ostrdet.errors import InvalidValueError
from ostrdet.evaluation import BenchmarkTable, UnknownCellError, load_table
from ostrdet.models.unwrap import searcher_of
from ostrdet.records.trajectory import EpochRecord, Trajectory, rows, state_rows
from ostrdet.registry import CRITERIA, HOOKS, build
from ostrdet.selection import Criterion, discretize
from ostrdet.structures import ArchState, ArchStep, Genotype
from ostrdet.version import __version__

PAPER_CRITERIA = (
    'OperationStrength',
    'OperationStrengthStar',
    'PruningSaliency',
    'AlphaSaliency',
    'Magnitude',
)
ACCURACY = 'accuracy/top1'
LOSSES = ('loss', 'arch_loss')


@HOOKS.register_module()
class SelectorHook(Hook):
    """Lets criteria observe every architecture step, and selects a genotype per epoch.

    All criteria share the gradient that the search needs anyway; the configured one decides what
    ``genotype.json`` holds and when the search is stable. Sums start anew at the first iteration of
    an epoch; they, and the count of stable epochs, are part of the checkpoint.

    Args:
        criterion: Config of the criterion that decides.
        patience: Stop once the genotype stayed the same for so many epochs in which alpha moved
            (E_s of the paper); None runs to the end.
        compare: Further criteria, by type, that are evaluated beside it.
        window: Scores are means over the last so many epochs; the paper has 1. The magnitude has no
            mean, and stays that of the moment.
        benchmark: Table of accuracies: a CSV file or the folder of a NATS-Bench release.
        probe: Let criteria observe, instead of the architecture steps, the gradients of a pass with
            all candidates under weights without a draw, in every so many iterations. Such a pass
            moves nothing. For weightings that draw, whose steps compute one candidate per edge.

    Raises:
        UnknownNameError: If a criterion is unknown; the nearest name is offered.
        InvalidValueError: If ``patience``, ``window`` or ``probe`` is not positive, or the table is
            malformed.
        FileNotFoundError: If there is no such table.
    """

    priority = 'NORMAL'  # before CheckpointHook, so that a checkpoint holds the epoch's selection

    def __init__(
        self,
        criterion: Mapping[str, Any] | None = None,
        patience: int | None = None,
        compare: Sequence[str] = PAPER_CRITERIA,
        window: int = 1,
        benchmark: str | None = None,
        probe: int | None = None,
    ) -> None:
        if patience is not None:
            _check_count('patience', patience, 'None or a number of epochs')
        _check_count('window', window, 'a number of epochs')
        if probe is not None:
            _check_count('probe', probe, 'None or a number of iterations')
        chosen: Criterion = build(CRITERIA, criterion or {'type': 'OperationStrength'})
        self.criterion = type(chosen).__name__
        others = (name for name in compare if name != self.criterion)
        self.criteria: dict[str, Criterion] = {
            self.criterion: chosen,
            **{name: build(CRITERIA, {'type': name}) for name in others},
        }
        for known in self.criteria.values():
            known.window = window
        self.patience, self.window, self.probe = patience, window, probe
        self._probed: ArchStep | None = None
        self.table: BenchmarkTable | None = load_table(benchmark) if benchmark else None
        self.genotypes: dict[str, Genotype | None] = {}
        self.stable_epochs = 0
        self.val_accuracy: float | None = None
        self._started = 0.0

    @property
    def genotype(self) -> Genotype | None:
        """What the configured criterion selected last."""
        return self.genotypes.get(self.criterion)

    def before_train(self, runner: Runner) -> None:
        """Check the table, and take up the files of the work dir where this run stands."""
        self._check_weighting(searcher_of(runner).weighting)
        if self.table is not None:
            self.table.check_space(searcher_of(runner).space)
        if is_main_process():
            Trajectory(runner.work_dir).rewind(runner.epoch, self.genotype)
        self._stop_if_stable(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Start the clock."""
        self._started, self.val_accuracy = time.monotonic(), None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Start the sums anew at the first iteration of an epoch; take a probe where one is due."""
        if batch_idx == 0:
            for criterion in self.criteria.values():
                criterion.reset()
        if self.probe is not None:
            arch_data = data_batch[-1] if batch_idx % self.probe == 0 else None
            self._probed = None
            if arch_data is not None:
                self._probed = searcher_of(runner).probe_step(arch_data, runner.optim_wrapper)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Show the architecture step, or the probe, to every criterion.

        Raises:
            NonFiniteError: If the score that decides is not finite although the gradients are. Under
                a loss scale gradients may overflow; such a minibatch is left out, and counted.
        """
        step = self._probed if self.probe else searcher_of(runner).arch_step
        if step is None:
            return
        skipped = self._skipped()
        for criterion in self.criteria.values():
            criterion.observe(step)
        if self._skipped() > skipped and _is_finite(step):
            raise non_finite(f'score by {self.criterion}', runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the accuracy of the supernet."""
        self.val_accuracy = (metrics or {}).get(ACCURACY)

    def after_train_epoch(self, runner: Runner) -> None:
        """Select, write, and stop if the genotype is stable."""
        state, before = searcher_of(runner).arch_state(), self.genotype
        found = {name: criterion.scores(state) for name, criterion in self.criteria.items()}
        scores = {name: _of_present(runner, by_cell) for name, by_cell in found.items()}
        self.genotypes = {
            name: None if s is None else self._select(runner, name, s, state)
            for name, s in scores.items()
        }
        has_moved = runner.epoch > runner.train_loop.arch_start_epoch  # alpha, before this epoch
        stable = has_moved and self.genotype is not None and self.genotype == before
        self.stable_epochs = self.stable_epochs + 1 if stable else 0
        if is_main_process():
            record = self._record(runner, state, scores)
            Trajectory(runner.work_dir).append(record, self.genotype)
        self._stop_if_stable(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the state of the selection: tensors and plain data."""
        checkpoint['selector'] = {
            'criteria': {name: c.state_dict() for name, c in self.criteria.items()},
            'genotypes': {n: g and g.to_dict() for n, g in self.genotypes.items()},
            'stable_epochs': self.stable_epochs,
        }

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take it back; a criterion that the checkpoint does not know starts empty."""
        saved = checkpoint.get('selector', {})
        for name, state in saved.get('criteria', {}).items():
            if name in self.criteria:
                self.criteria[name].load_state_dict(state)
        genotypes = saved.get('genotypes', {})
        self.genotypes = {n: g and Genotype.from_dict(g) for n, g in genotypes.items()}
        self.stable_epochs = saved.get('stable_epochs', 0)

    def accuracies(self, runner: Runner) -> dict[str, dict[str, float] | None] | None:
        """Benchmark accuracies of every criterion's genotype, in percent; None without a table."""
        if self.table is None:
            return None
        found: dict[str, dict[str, float] | None] = {}
        for name, text in self.texts(runner).items():
            try:
                found[name] = None if text is None else self.table.accuracies(text)
            except UnknownCellError as error:
                runner.logger.warning(error.args[0])  # the logger drops repetitions
                found[name] = None
        return found

    def texts(self, runner: Runner) -> dict[str, str | None]:
        """The genotype of every criterion as text."""
        space = searcher_of(runner).space
        return {n: None if g is None else space.format(g) for n, g in self.genotypes.items()}

    def _select(
        self, runner: Runner, name: str, scores: Mapping[str, torch.Tensor], state: ArchState
    ) -> Genotype:
        criterion = self.criteria[name]
        found = discretize(
            searcher_of(runner).space,
            scores,
            state.edge_weights if criterion.uses_edge_weights else None,
            criterion.tie_rtol,
        )
        provenance = {
            'criterion': name,
            **({'window': self.window} if self.window > 1 else {}),
            'epoch': runner.epoch + 1,
            'seed': runner.seed,
            'config': Path(runner.cfg.filename or '').name,
            'versions': {'ostrdet': __version__, 'torch': str(torch.__version__)},
        }
        return Genotype(found.space, found.cells, provenance)

    def _record(self, runner: Runner, state: ArchState, scores: Mapping[str, Any]) -> EpochRecord:
        return EpochRecord(
            epoch=runner.epoch + 1,
            **state_rows(state),
            scores={name: None if s is None else rows(s) for name, s in scores.items()},
            genotypes=self.texts(runner),
            benchmark=self.accuracies(runner),
            skipped={name: getattr(c, 'skipped', 0) for name, c in self.criteria.items()},
            val_accuracy=self.val_accuracy,
            stable_epochs=self.stable_epochs,
            seconds=round(time.monotonic() - self._started, 3),
            losses=_losses(runner),
        )

    def _check_weighting(self, weighting: Any) -> None:
        if self.probe or not weighting.is_hard:
            return
        for name, criterion in self.criteria.items():
            if criterion.compares_all:
                raise InvalidValueError(
                    f'{name} compares every candidate with the mixture, but '
                    f'{type(weighting).__name__} computes one per edge: choose criterion Magnitude '
                    f'and leave {name} out of default_hooks.selector.compare, or set '
                    'default_hooks.selector.probe=N, which adds a pass with all candidates every N '
                    'iterations'
                )

    def _skipped(self) -> int:
        return getattr(self.criteria[self.criterion], 'skipped', 0)

    def _stop_if_stable(self, runner: Runner) -> None:
        if self.patience is not None and self.stable_epochs >= self.patience:
            runner.train_loop.stop_training = True


def _check_count(key: str, value: Any, expected: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidValueError(
            f'default_hooks.selector.{key}={value!r}, expected {expected} from 1'
        )


def _of_present(
    runner: Runner, scores: Mapping[str, torch.Tensor] | None
) -> dict[str, torch.Tensor] | None:
    """The scores, 0 where an edge lacks a candidate."""
    space = searcher_of(runner).space
    if scores is None or space.candidates is None:
        return None if scores is None else dict(scores)
    present = {name: torch.tensor(space.presence(name)) for name in scores}
    return {name: scores_EO.where(present[name], 0.0) for name, scores_EO in scores.items()}


def _losses(runner: Runner) -> dict[str, float]:
    """Means over the epoch; they are in the checkpoint, so those of a resumed run are the same."""
    hub, window = runner.message_hub, len(runner.train_loop.dataloader)
    names = (name for name in LOSSES if f'train/{name}' in hub.log_scalars)
    return {name: float(hub.get_scalar(f'train/{name}').mean(window)) for name in names}


def _is_finite(step: ArchStep) -> bool:
    grads = (*step.alpha_grads.values(), *step.op_weight_grads.values())
    return all(bool(grad.isfinite().all()) for grad in grads)
