"""The ramp of drop path."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import HOOKS


@HOOKS.register_module()
class DropPathHook(Hook):
    """Drops with probability p e / E in epoch e, from 0, of E; p is the backbone's ``drop_path_prob``.

    As in DARTS. The probability depends on the epoch alone, so a resumed run has the same.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the probability of this epoch."""
        backbone = unwrapped(runner.model).backbone
        share = runner.epoch / runner.max_epochs
        backbone.set_drop_path_prob(backbone.drop_path_prob * share)
