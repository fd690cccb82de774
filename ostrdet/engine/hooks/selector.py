"""Selects a cell at the end of every epoch, by every criterion, from one and the same search."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ostrdet.engine.hooks.epoch_view import epoch_view, evaluate, mean_losses, provenance, steer
from ostrdet.engine.hooks.finite import non_finite
from ostrdet.engine.hooks.progress import progress_of
from ostrdet.errors import InvalidValueError, NothingSelectedError
from ostrdet.evaluation import BenchmarkTable, UnknownCellError, load_table
from ostrdet.evaluation.cell_latency import count_costs
from ostrdet.models.searchers import block_pairs
from ostrdet.models.unwrap import searcher_of
from ostrdet.records.epoch_record import EpochRecord, rows, state_rows
from ostrdet.records.files import FRONT, GENOTYPE
from ostrdet.records.fronts import write_front
from ostrdet.records.trajectory import Trajectory
from ostrdet.registry import HOOKS
from ostrdet.selection import PAPER_CRITERIA, EvaluatingCriterion, Panel, StopRules
from ostrdet.selection.panel import Scores
from ostrdet.structures import ArchState, ArchStep, Genotype, save_genotype
from ostrdet.structures.arch_step import Pairs
from ostrdet.structures.integers import is_integer

ACCURACY = 'accuracy/top1'


@HOOKS.register_module()
class SelectorHook(Hook):
    """Lets criteria observe every architecture step, and selects a genotype per epoch.

    All criteria share the gradient that the search needs anyway; the configured one decides what
    ``genotype.json`` holds and when the search is stable. Sums start anew at the first iteration of
    an epoch; they, and the count of stable epochs, are part of the checkpoint.

    Args:
        criterion: Config of the criterion that decides.
        patience: Short for a stop rule ``StableCell(patience)`` (E_s of the paper); None for none.
        compare: Further criteria that are evaluated beside it, each a type or a config.
        window: Scores are means over the last so many epochs; the paper has 1. The magnitude has no
            mean, and stays that of the moment.
        benchmark: Table of accuracies: a CSV or JSON file or the folder of a NATS-Bench release; or a list of
            several, side by side.
        probe: Let criteria observe, instead of the architecture steps, the gradients of a pass with
            all candidates under weights without a draw, in every so many iterations. Such a pass
            moves nothing. For weightings that draw, whose steps compute one candidate per edge.
        derivation: Config of the step from the deciding scores to a genotype; ``TopEdges`` if None.
        stop: Configs of stop rules; the first that is met ends the search.

    Raises:
        UnknownNameError: If a criterion is unknown; the nearest name is offered.
        InvalidValueError: If ``patience``, ``window`` or ``probe`` is not positive, or the table is
            malformed.
        FileNotFoundError: If there is no such table.
    """

    role = 'selector'
    priority = 'NORMAL'  # before CheckpointHook, so that a checkpoint holds the epoch's selection

    def __init__(
        self,
        criterion: Mapping[str, Any] | None = None,
        patience: int | None = None,
        compare: Sequence[str | Mapping[str, Any]] = PAPER_CRITERIA,
        window: int = 1,
        benchmark: str | Sequence[str] | None = None,
        probe: int | None = None,
        derivation: Mapping[str, Any] | None = None,
        stop: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if patience is not None:
            _check_count('patience', patience, 'None or a number of epochs')
        _check_count('window', window, 'a number of epochs')
        if probe is not None:
            _check_count('probe', probe, 'None or a number of iterations')
        self.panel = Panel(criterion, compare, window, derivation)
        self.criterion = self.panel.chosen
        self.window, self.probe = window, probe
        self.stop = StopRules(stop, patience)
        self._probed: ArchStep | None = None
        self._pairs: Mapping[str, Pairs] = {}
        self._nothing: NothingSelectedError | None = None
        self.table: BenchmarkTable | None = load_table(benchmark) if benchmark else None
        self.genotypes: dict[str, Genotype | None] = {}
        self.stable_epochs = 0
        self.val_accuracy: float | None = None
        self._started = 0.0

    @property
    def genotype(self) -> Genotype | None:
        """What the configured criterion selected last, or a stop rule of what it selected before."""
        verdict = self.stop.verdict()
        earlier = verdict and verdict.genotype
        return earlier or self.genotypes.get(self.criterion)

    def before_train(self, runner: Runner) -> None:
        """Check the table, and take up the files of the work dir where this run stands."""
        searcher = searcher_of(runner)
        if self.table is not None:
            self.table.check_space(searcher.space)
        self.panel.check_derivation(searcher.space)
        self.panel.derivation.prepare(searcher.space, count_costs)
        self.panel.check_pairs(searcher.space)
        if searcher.weighting.is_hard and self.probe is None:
            self.panel.check_hard(type(searcher.weighting).__name__)
        self.panel.check_criteria(searcher.space, len(runner.train_loop.arch_dataloader))
        self.stop.check(
            searcher.space, self.panel.criteria, getattr(runner.train_loop, 'is_one_level', False)
        )
        if runner.iter == 0:
            for judge in self.panel.judges:
                judge.begin(dict(searcher.bare_supernet.named_parameters()))
        if is_main_process():
            Trajectory(runner.work_dir).rewind(runner.epoch, self.genotype)
        self._stop_if_met(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Start the clock."""
        self._started, self.val_accuracy = time.monotonic(), None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Start the sums anew at the first iteration of an epoch; take the passes that are due."""
        if batch_idx == 0:
            self.panel.reset()
        searcher, self._probed, self._pairs = searcher_of(runner), None, {}
        is_due = data_batch is not None and batch_idx % (self.probe or 1) == 0
        if not is_due or data_batch[-1] is None:  # alpha rests
            return
        if self.probe is not None:
            self._probed = searcher.probe_step(data_batch[-1], runner.optim_wrapper)
        if estimates := self.panel.estimates_due(batch_idx):
            batch = searcher.prepare(data_batch[-1])
            self._pairs = block_pairs(searcher, batch, estimates, is_drawn=self.probe is None)

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
        step = replace(step, pairs=self._pairs)
        self.panel.observe(step)
        if self.panel.has_skipped and step.is_finite():
            raise non_finite(f'score by {self.criterion}', runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the accuracy of the supernet."""
        self.val_accuracy = (metrics or {}).get(ACCURACY)

    def after_train_epoch(self, runner: Runner) -> None:
        """Select, write, and stop if the genotype is stable."""
        state, before = searcher_of(runner).arch_state(), self.genotypes.get(self.criterion)
        is_last = runner.epoch + 1 == runner.max_epochs
        due = self.panel.due(runner.epoch + 1, is_last)
        scores = self._choose(runner, state, due)
        has_moved = runner.epoch > runner.train_loop.arch_start_epoch  # alpha, before this epoch
        now = self.genotypes.get(self.criterion)
        stable = has_moved and now is not None and now == before
        self.stable_epochs = self.stable_epochs + 1 if stable else 0
        self.stop.observe(
            epoch_view(runner, state, self.genotypes, self.criterion, self.stable_epochs)
        )
        if self.stop.verdict() is not None and not is_last:
            late = [judge for judge in self.panel.due(runner.epoch + 1, True) if judge not in due]
            scores = self._choose(runner, state, late)
            now = self.genotypes.get(self.criterion)
        if is_main_process():
            record = self._record(runner, state, scores)
            Trajectory(runner.work_dir).append(record, now)
            if self.genotype is not now and self.genotype is not None:
                save_genotype(self.genotype, Path(runner.work_dir, GENOTYPE))
            space, chosen = searcher_of(runner).space, scores[self.criterion]
            if points := self.panel.front(self.criterion, chosen, state, space):
                write_front(Path(runner.work_dir, FRONT), points)
        if self.stop.verdict() is None and not is_last:
            steer(runner, self.panel, state)
        self._stop_if_met(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the state of the selection: tensors and plain data."""
        checkpoint['selector'] = {
            'criteria': self.panel.state_dict(),
            'genotypes': {n: g and g.to_dict() for n, g in self.genotypes.items()},
            'stable_epochs': self.stable_epochs,
            'stop': self.stop.state_dict(),
            **({'decisions': self.panel.decisions} if self.panel.decisions else {}),
        }

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take it back; a criterion that the checkpoint does not know starts empty."""
        saved = checkpoint.get('selector', {})
        self.panel.load_state_dict(saved.get('criteria', {}))
        searcher_of(runner).decide(self.panel.decisions)
        genotypes = saved.get('genotypes', {})
        self.genotypes = {n: g and Genotype.from_dict(g) for n, g in genotypes.items()}
        self.stable_epochs = saved.get('stable_epochs', 0)
        older = {'StableCell': {'stable_epochs': self.stable_epochs}}  # of a release without rules
        self.stop.load_state_dict(saved.get('stop', older))

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

    def after_train(self, runner: Runner) -> None:
        """Say so if the scores have not chosen a single operation.

        Raises:
            NothingSelectedError: If so.
        """
        if self.genotype is None and self._nothing is not None:
            raise self._nothing

    def _choose(
        self, runner: Runner, state: ArchState, due: Sequence[EvaluatingCriterion]
    ) -> dict[str, Scores]:
        """Let criteria evaluate, then all select; returns the scores."""
        evaluate(runner, due, state)
        scores = self.panel.scores(state, searcher_of(runner).space)
        self.genotypes = {
            name: None if s is None else self._try_to_select(runner, name, s, state)
            for name, s in scores.items()
        }
        return scores

    def _try_to_select(
        self, runner: Runner, name: str, scores: Mapping[str, Tensor], state: ArchState
    ) -> Genotype | None:
        try:
            return self._select(runner, name, scores, state)
        except NothingSelectedError as error:  # as a threshold does in early epochs
            if name == self.criterion:
                self._nothing = error
            runner.logger.info(f'{name}: {error}')
            return None

    def _select(
        self, runner: Runner, name: str, scores: Mapping[str, Tensor], state: ArchState
    ) -> Genotype:
        found = self.panel.select(name, scores, state, searcher_of(runner).space)
        return Genotype(found.space, found.cells, provenance(runner, name, self.window))

    def _record(self, runner: Runner, state: ArchState, scores: Mapping[str, Any]) -> EpochRecord:
        return EpochRecord(
            epoch=runner.epoch + 1,
            **state_rows(state),
            scores={name: None if s is None else rows(s) for name, s in scores.items()},
            genotypes=self.texts(runner),
            benchmark=self.accuracies(runner),
            skipped=self.panel.skipped(),
            val_accuracy=self.val_accuracy,
            stable_epochs=self.stable_epochs,
            seconds=round(time.monotonic() - self._started, 3),
            losses=mean_losses(runner),
            progress=progress_of(searcher_of(runner)),
        )

    def _stop_if_met(self, runner: Runner) -> None:
        if (verdict := self.stop.verdict()) is not None:
            runner.logger.info(f'stopped: {verdict.reason}')
            runner.train_loop.stop_training = True


def _check_count(key: str, value: Any, expected: str) -> None:
    if not is_integer(value) or value < 1:
        raise InvalidValueError(
            f'default_hooks.selector.{key}={value!r}, expected {expected} from 1'
        )
