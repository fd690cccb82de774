"""Accuracy of the supernet on the architecture half of the training set."""

from collections.abc import Mapping
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.runner import Runner, ValLoop

from ostrdet.datasets import SeededSubset
from ostrdet.engine.loops.bilevel_train import BilevelTrainLoop
from ostrdet.engine.loops.seeded_data import build_dataset, with_pipeline_of
from ostrdet.errors import InvalidTypeError, InvalidValueError
from ostrdet.registry import LOOPS


@LOOPS.register_module()
class ArchHalfValLoop(ValLoop):
    """Validates on the samples that train the architecture; the test set is never looked at.

    Args:
        runner: The runner of the search.
        dataloader: Config of a dataloader whose data set is the training set of the search, with
            the pipeline of a test.
        evaluator: Metrics.
        fp16: Whether mmengine's own autocast is on.

    Raises:
        InvalidTypeError: If the train loop is no :class:`BilevelTrainLoop`.
        InvalidValueError: If the data set is not as long as the training set.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Mapping[str, Any],
        evaluator: Evaluator | dict[str, Any] | list[Any],
        fp16: bool = False,
    ) -> None:
        loop = runner.train_loop
        if not isinstance(loop, BilevelTrainLoop):
            raise InvalidTypeError(
                f'val_cfg: ArchHalfValLoop needs train_cfg.type=BilevelTrainLoop, got '
                f"{type(loop).__name__}; use type='ValLoop' elsewhere"
            )
        dataset = with_pipeline_of(dataloader, loop.dataset, loop.dataset_cfg)
        dataset = build_dataset(dataloader) if dataset is None else dataset
        if len(dataset) != len(loop.dataset):
            raise InvalidValueError(
                f'val_dataloader.dataset has {len(dataset)} samples, train_dataloader.dataset '
                f'{len(loop.dataset)}: both must be the same training set'
            )
        half = {**dataloader, 'dataset': SeededSubset(dataset, loop.arch_indices, runner.seed)}
        super().__init__(runner, runner.build_dataloader(half, seed=runner.seed), evaluator, fp16)
