"""Compares the classes of data set and detector before the first image is read."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from ostrdet.engine.annotations import check_annotations
from ostrdet.engine.unwrap import unwrapped
from ostrdet.registry import HOOKS


@HOOKS.register_module()
class AnnotationsHook(Hook):
    """Stops a run whose data set does not fit its detector.

    Raises:
        ValueError: As in :func:`~ostrdet.engine.annotations.check_annotations`.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Check the training set."""
        check_annotations(runner.train_dataloader.dataset, _num_classes(runner))

    def before_val(self, runner: Runner) -> None:
        """Check the validation set."""
        check_annotations(runner.val_dataloader.dataset, _num_classes(runner))

    def before_test(self, runner: Runner) -> None:
        """Check the test set."""
        check_annotations(runner.test_dataloader.dataset, _num_classes(runner))


def _num_classes(runner: Runner) -> int | None:
    """The classes of the box head; a proposal head, which has one, is none."""
    model: nn.Module = unwrapped(runner.model)
    heads = (m for name, m in model.named_modules() if 'rpn' not in name)
    found: list[int] = [head.num_classes for head in heads if hasattr(head, 'num_classes')]
    return found[0] if found else None
