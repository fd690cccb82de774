"""mmengine's runner with a console that people can read."""

import io
import logging
import sys
from collections.abc import Mapping
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import BaseLoop, Runner
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import DataLoader

from ostrdet.datasets.annotations import annotation_errors
from ostrdet.datasets.class_names import (
    check_parts,
    check_same_classes,
    class_names,
    match_checkpoint,
    saved_classes,
)
from ostrdet.datasets.detection_data import check_boxes, metric_files
from ostrdet.datasets.loader import guarded
from ostrdet.engine.checkpoint import (
    check_state,
    fingerprint,
    read_checkpoint,
    settings,
    work_dir_lock,
)
from ostrdet.engine.hooks.plain_checkpoint import PlainCheckpointHook
from ostrdet.engine.hooks.threads import ThreadsHook
from ostrdet.engine.isolated_backend import isolate
from ostrdet.engine.runner.continuation import (
    Rates,
    check_continues,
    iterations_done,
    listed,
    rates_changed,
)
from ostrdet.engine.runner.explained import explained
from ostrdet.engine.runner.formatted_once import FormattedOnce
from ostrdet.errors import USER_ERRORS, InvalidValueError
from ostrdet.models.unwrap import unwrapped
from ostrdet.output import steady_output
from ostrdet.records.files import LOG
from ostrdet.registry import RUNNERS

#: Warnings of mmengine that nobody here can act on.
NOISE = (
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)


def log_defect(logger: MMLogger, error: BaseException) -> None:
    """Keep the traceback of a defect in ``run.log``; the console shows it at the end."""
    if isinstance(error, Exception) and not isinstance(error, USER_ERRORS):
        logger.error('the run ends by a defect', exc_info=error)


@RUNNERS.register_module()
class SeededRunner(Runner):
    """A ``Runner`` whose details go to ``run.log`` in the work dir.

    The console hears of warnings only, and of what hooks say themselves. A resumed run goes on in
    the same log. Search, retraining and transfer all run through it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if isinstance(cfg := kwargs.get('cfg'), Config):
            kwargs['cfg'] = FormattedOnce.of(cfg)
        super().__init__(*args, **kwargs)
        self.register_hook(PlainCheckpointHook())
        self.register_hook(ThreadsHook())

    def build_logger(
        self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs: Any
    ) -> MMLogger:
        """The logger of mmengine, with its stock handlers set apart."""
        file = log_file or str(Path(self.work_dir) / LOG)
        logger = super().build_logger(log_level, file, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.setLevel(logging.WARNING)
                handler.addFilter(_is_for_console)
        return logger

    def train(self) -> nn.Module:
        """As in mmengine, but it ends well after an error too: terminal and workers are let go.

        Raises:
            MemoryError: If memory lacks, with the keys to change.
            WorkDirInUseError: If another run writes into the work dir.
        """
        lock = work_dir_lock(self.work_dir) if is_main_process() else nullcontext()
        with steady_output(forgiven=True), lock:
            try:
                with explained(self.cfg, begun=self._has_begun):
                    model: nn.Module = super().train()
            except BaseException as error:
                log_defect(self.logger, error)
                self.call_hook('after_run')
                raise
            finally:
                _stop_workers(self._train_loop)
                _stop_workers(self._val_loop)
        return model

    def _has_begun(self) -> bool:
        """Whether a step was taken; mmengine's own ``iter`` would build the loop that failed anew."""
        return isinstance(self._train_loop, BaseLoop) and self._train_loop.iter > 0

    def test(self) -> dict[str, float]:
        """As in mmengine, but its workers are let go."""
        try:
            with steady_output(), explained(self.cfg):
                metrics: dict[str, float] = super().test()
        finally:
            _stop_workers(self._test_loop)
        return metrics

    def build_train_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """As in mmengine, but an epoch has at least one iteration.

        Raises:
            InvalidValueError: If there is no batch, of which mmengine would make epochs of nothing.
        """
        built: BaseLoop = super().build_train_loop(loop)
        loader = built.dataloader
        check_parts(loader.dataset, 'train_dataloader.dataset')
        check_boxes(loader.dataset, self.model)
        if len(loader) == 0:
            raise InvalidValueError(
                f'train_dataloader.batch_size={loader.batch_size} is larger than the '
                f'{len(loader.dataset)} samples, and train_dataloader.drop_last leaves an epoch '
                'without an iteration; make it smaller'
            )
        return built

    def build_val_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """As in mmengine, but the classes are those of the training.

        Raises:
            InvalidValueError: If they are not: a label would mean two things.
        """
        built: BaseLoop = super().build_val_loop(loop)
        self._check_measured(built, 'val_dataloader.dataset')
        return built

    def build_test_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """As in mmengine, but the classes are those of the training, where there is one.

        Raises:
            InvalidValueError: If they are not: a label would mean two things.
        """
        built: BaseLoop = super().build_test_loop(loop)
        self._check_measured(built, 'test_dataloader.dataset')
        return built

    def _check_measured(self, loop: BaseLoop, key: str) -> None:
        """Labels, boxes and metrics of a loop that measures."""
        evaluator = getattr(loop, 'evaluator', None)
        check_parts(loop.dataloader.dataset, key)
        check_boxes(loop.dataloader.dataset, self.model, getattr(evaluator, 'metrics', ()))
        if isinstance(self._train_loop, BaseLoop):
            ours = class_names(self._train_loop.dataloader.dataset)
            check_same_classes(
                class_names(loop.dataloader.dataset), ours, key, 'train_dataloader.dataset'
            )

    def build_visualizer(self, visualizer: Any = None) -> Visualizer:
        """As in mmengine, but a back end that fails stops nothing."""
        built: Visualizer = super().build_visualizer(
            isolate(visualizer) if isinstance(visualizer, Mapping) else visualizer
        )
        return built

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict[str, Any], *args: Any, **kwargs: Any
    ) -> DataLoader:
        """As in mmengine, but errors name the annotation file.

        Raises:
            FileNotFoundError, ValueError: If it is missing, or no COCO JSON.
        """
        with annotation_errors(dataloader):
            return guarded(Runner.build_dataloader(dataloader, *args, **kwargs))

    def build_evaluator(self, evaluator: Any) -> Evaluator:
        """As in mmengine, but annotation files are checked, and pycocotools prints nothing.

        Raises:
            FileNotFoundError, AnnotationError: If such a file is missing, or no COCO JSON.
        """
        files = metric_files(evaluator)
        with redirect_stdout(io.StringIO()):
            built: Evaluator = super().build_evaluator(evaluator)
        for metric, file in zip(built.metrics, files, strict=False):
            vars(metric).setdefault('ann_file', file)
        return built

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As in mmengine, but weights fit as a whole or not at all; published files are read too.

        Nothing in the file is executed. Further arguments of mmengine are not used.

        Raises:
            FileNotFoundError: If there is no such file.
            InvalidValueError: If the file is damaged, or of another architecture.
        """
        checkpoint, model = read_checkpoint(filename), unwrapped(self.model)
        self._loaded_meta = checkpoint.get('meta', {})
        self._loaded_meta.pop('config', None)  # mmengine would execute it
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        check_state(checkpoint['state_dict'], model.state_dict(), filename)
        model.load_state_dict(checkpoint['state_dict'])
        self._has_loaded = True
        self.logger.info(f'loaded {filename}')
        if isinstance(self._test_loop, BaseLoop):
            match_checkpoint(self._test_loop, checkpoint, filename)
        return checkpoint

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """As in mmengine, with what a continuation must not change, and what it says it changes."""
        told = {'fingerprint': self._fingerprint(), 'settings': settings(self.cfg.to_dict())}
        kwargs['meta'] = {**(kwargs.get('meta') or {}), **told}
        super().save_checkpoint(*args, **kwargs)

    def _fingerprint(self) -> dict[str, str]:
        loader: Any = self.train_dataloader
        return fingerprint(
            self.cfg.to_dict(), len(loader.dataset), self.world_size, iterations=len(loader)
        )

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """As in mmengine, but with the seed of the checkpoint only, and with the rates of the config.

        Raises:
            InvalidValueError: As in :func:`~ostrdet.engine.runner.continuation.check_continues`.
        """
        checkpoint, loop = read_checkpoint(filename), self.train_loop
        differences = check_continues(
            checkpoint, filename, self.cfg, self.seed, self._fingerprint()
        )
        if not self.cfg.get('resume_anyway'):
            ours, theirs = class_names(loop.dataloader.dataset), saved_classes(checkpoint)
            check_same_classes(ours, theirs, 'train_dataloader.dataset', filename)
        done = iterations_done(checkpoint['meta'], filename, len(loop.dataloader))
        rates = Rates(self)
        super().resume(filename, *args, **kwargs)
        loop._iter = done
        if rates_changed(differences) or 'param_schedulers' not in checkpoint:
            rates.follow(self)
        if differences and is_main_process():
            text = f'--resume: changed since the checkpoint, and used from here on: {listed(differences)}'
            print(text, file=sys.stderr)


def _stop_workers(loop: Any) -> None:
    """Left to garbage collection, every worker process would be waited for, 5 seconds each."""
    loaders = vars(loop).values() if isinstance(loop, BaseLoop) else ()
    for loader in loaders:
        if isinstance(loader, DataLoader):
            loader._iterator = None


def _is_for_console(record: logging.LogRecord) -> bool:
    """Neither noise, nor a traceback, which Python itself shows when the program ends."""
    return not record.exc_info and not record.getMessage().startswith(NOISE)
