"""mmengine's runner with a console that people can read."""

import io
import logging
from collections.abc import Mapping
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import BaseLoop, Runner
from mmengine.visualization import Visualizer
from torch import nn
from torch.utils.data import DataLoader

from ostrdet.engine.annotations import annotation_errors
from ostrdet.engine.checkpoint import (
    PlainCheckpointHook,
    changes,
    check_state,
    fingerprint,
    read_checkpoint,
    use_atomic_files,
    work_dir_lock,
)
from ostrdet.engine.isolated_backend import isolate
from ostrdet.engine.loader import guarded
from ostrdet.engine.runner.explained import explained
from ostrdet.engine.unwrap import unwrapped
from ostrdet.output import steady_output
from ostrdet.registry import RUNNERS

#: Warnings of mmengine that nobody here can act on.
NOISE = (
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)
#: Differences between a run and its continuation that a message lists.
SHOWN = 5


@RUNNERS.register_module()
class SeededRunner(Runner):
    """A ``Runner`` whose details go to ``run.log`` in the work dir.

    The console hears of warnings only, and of what hooks say themselves. A resumed run goes on in
    the same log. Search, retraining and transfer all run through it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        use_atomic_files()
        self.register_hook(PlainCheckpointHook())

    def build_logger(
        self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs: Any
    ) -> MMLogger:
        """The logger of mmengine, with its stock handlers set apart."""
        file = log_file or str(Path(self.work_dir) / 'run.log')
        logger = super().build_logger(log_level, file, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.setLevel(logging.WARNING)
                handler.addFilter(lambda record: not record.getMessage().startswith(NOISE))
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
                with explained(self.cfg):
                    model: nn.Module = super().train()
            except BaseException:
                self.call_hook('after_run')
                raise
            finally:
                _stop_workers(self._train_loop)
                _stop_workers(self._val_loop)
        return model

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
            ValueError: If there is no batch, of which mmengine would make epochs of nothing.
        """
        built: BaseLoop = super().build_train_loop(loop)
        loader = built.dataloader
        if len(loader) == 0:
            raise ValueError(
                f'train_dataloader.batch_size={loader.batch_size} is larger than the '
                f'{len(loader.dataset)} samples, and train_dataloader.drop_last leaves an epoch '
                'without an iteration; make it smaller'
            )
        return built

    def build_val_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        """As in mmengine, but the classes are those of the training.

        Raises:
            ValueError: If they are not: a label would mean two things.
        """
        built: BaseLoop = super().build_val_loop(loop)
        if isinstance(self._train_loop, BaseLoop):
            ours, theirs = _classes(self._train_loop), _classes(built)
            if ours and theirs and ours != theirs:
                raise ValueError(
                    'val_dataloader.dataset has other classes than train_dataloader.dataset, or '
                    f'another order: only the training has {sorted({*ours} - {*theirs})[:5]}, only '
                    f'the validation {sorted({*theirs} - {*ours})[:5]}; make the two alike'
                )
        return built

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
        """As in mmengine, but pycocotools does not print that it reads the annotations."""
        with redirect_stdout(io.StringIO()):
            return super().build_evaluator(evaluator)

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As in mmengine, but weights fit as a whole or not at all; published files are read too.

        Nothing in the file is executed. Further arguments of mmengine are not used.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file is damaged, or of another architecture.
        """
        checkpoint, model = read_checkpoint(filename), unwrapped(self.model)
        self._loaded_meta = checkpoint.get('meta', {})
        self._loaded_meta.pop('config', None)  # mmengine would execute it
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        check_state(checkpoint['state_dict'], model.state_dict(), filename)
        model.load_state_dict(checkpoint['state_dict'])
        self._has_loaded = True
        self.logger.info(f'loaded {filename}')
        return checkpoint

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """As in mmengine, with a fingerprint of what a continuation must not change."""
        kwargs['meta'] = {**(kwargs.get('meta') or {}), 'fingerprint': self._fingerprint()}
        super().save_checkpoint(*args, **kwargs)

    def _fingerprint(self) -> dict[str, str]:
        samples = len(self.train_dataloader.dataset)
        return fingerprint(self.cfg.to_dict(), samples, self.world_size)

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """As in mmengine, but with the seed of the checkpoint only.

        Raises:
            ValueError: If the file holds no run, or one of another seed; mmengine would go on with
                the samples in the order of this seed, and the rest by that of the checkpoint.
        """
        self._check_continues(read_checkpoint(filename), filename)
        super().resume(filename, *args, **kwargs)

    def _check_continues(self, checkpoint: dict[str, Any], filename: str) -> None:
        """Before anything is loaded: an optimizer of another kind has an error of its own."""
        for key in ('meta', 'message_hub', 'optimizer'):
            if key not in checkpoint:
                raise ValueError(
                    f"--resume: '{filename}' lacks '{key}': it holds weights, but no run to go on "
                    'with; give a checkpoint of the work dir, or start from the weights by load_from'
                )
        meta = checkpoint['meta']
        saved = meta.get('fingerprint', {})
        differences = changes(saved, self._fingerprint()) if saved else []
        if differences and not self.cfg.get('resume_anyway'):
            more = len(differences) - SHOWN
            listed = '; '.join(differences[:SHOWN]) + (f'; and {more} more' if more > 0 else '')
            raise ValueError(
                f"--resume: '{filename}' is of another run: {listed}. Take the config "
                'that it was written with, or go on all the same with resume_anyway=True'
            )
        if meta['seed'] != self.seed:
            raise ValueError(
                f"--resume: '{filename}' is of a run with randomness.seed={meta['seed']}, this one "
                f'has {self.seed}; give --seed {meta["seed"]}'
            )


def _classes(loop: BaseLoop) -> tuple[str, ...]:
    """The names of the classes of a loop's data set; none where it does not tell.

    None of COCO's either, which are compared with the categories of the annotations.
    """
    dataset = loop.dataloader.dataset
    found = None if hasattr(dataset, 'cat_ids') else getattr(dataset, 'metainfo', {}).get('classes')
    return tuple(map(str, found or ()))


def _stop_workers(loop: Any) -> None:
    """Left to garbage collection, every worker process would be waited for, 5 seconds each."""
    loaders = vars(loop).values() if isinstance(loop, BaseLoop) else ()
    for loader in loaders:
        if isinstance(loader, DataLoader):
            loader._iterator = None
