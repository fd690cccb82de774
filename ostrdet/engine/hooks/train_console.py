"""What a training says on the console: plan, progress with ETA, metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import Runner

from ostrdet.engine.checkpoint import latest_checkpoint
from ostrdet.engine.hooks.console import ConsoleHook, mean_of
from ostrdet.invocation import command
from ostrdet.models.unwrap import unwrapped
from ostrdet.output import quoted
from ostrdet.registry import HOOKS


@HOOKS.register_module()
class TrainConsoleHook(ConsoleHook):
    """Says what a training does and reaches.

    Args:
        next_command: What to run at the end, with ``{config}`` and ``{checkpoint}`` for the files;
            None tests the network.
    """

    def __init__(self, next_command: str | None = None) -> None:
        super().__init__()
        self.next_command = next_command
        self.metrics: dict[str, float] = {}

    def plan(self, runner: Runner) -> Mapping[str, str]:
        """Network, data, schedule."""
        model, loop = unwrapped(runner.model), runner.train_loop
        backbone = model.backbone
        why = runner.cfg.get('genotype_from', 'of the config')
        learning_rate = runner.optim_wrapper.get_lr()['lr'][0]
        weights = sum(weight.numel() for weight in model.parameters())
        return {
            'genotype': f'{why}: {type(backbone.space).__name__}, {backbone.genotype.origin}',
            'network': f'{type(model).__name__}, {len(backbone.plan.layers)} layers of the genotype, '
            f'{weights:,} parameters',
            'data': _describe_data(loop.dataloader),
            'training': f'from epoch {runner.epoch + 1} of {loop.max_epochs}, '
            f'{type(runner.optim_wrapper.optimizer).__name__}, learning rate {learning_rate:g}, '
            f'seed {runner.seed}',
            'device': f'{next(model.parameters()).device}, {torch.get_num_threads()} threads',
            'work dir': str(runner.work_dir),
        }

    def before_train_epoch(self, runner: Runner) -> None:
        """Forget what the last epoch reached."""
        self.metrics = {}

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Keep what the epoch reached."""
        self.metrics = metrics or {}

    def standing(self, runner: Runner) -> str:
        """The losses, their sum first, and what the validation gave."""
        known = (name.removeprefix('train/') for name in runner.message_hub.log_scalars)
        names = sorted(name for name in known if name.startswith('loss'))
        losses = [text for name in names if (text := mean_of(runner, name))]
        return ', '.join([*losses, *([describe_metrics(self.metrics)] if self.metrics else [])])

    def result(self, runner: Runner) -> str:
        """The checkpoint, and what to do with it."""
        checkpoint = latest_checkpoint(runner.work_dir)
        if checkpoint is None:
            return 'done; no checkpoint was written'
        config = Path(runner.work_dir) / Path(runner.cfg.filename or 'CONFIG').name
        following = command('test', config, checkpoint)
        if self.next_command is not None:
            paths = {'config': quoted(config), 'checkpoint': quoted(checkpoint)}
            following = self.next_command.format(**paths)
        return f'checkpoint: {checkpoint}\nnext: {following}'


def _describe_data(loader: Any) -> str:
    dataset = getattr(loader.dataset, 'dataset', loader.dataset)  # a wrapper counts for nothing
    batch = loader.batch_size or loader.batch_sampler.batch_size
    return (
        f'{len(loader.dataset):,} images of {type(dataset).__name__}, '
        f'{len(loader)} iterations of {batch} per epoch'
    )


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics as numbers and lists of numbers; some, as a confusion matrix, are tensors."""
    return {k: v.tolist() if hasattr(v, 'tolist') else v for k, v in metrics.items()}


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Metrics in one line, but for those that are no single number.

    Examples:
        >>> describe_metrics({'accuracy/top1': 91.25})
        'accuracy/top1 91.25'
        >>> describe_metrics({'coco/bbox_mAP': 0.345})
        'coco/bbox_mAP 0.345'
    """
    numbers = ((k, v) for k, v in plain_metrics(metrics).items() if isinstance(v, int | float))
    return ', '.join(f'{name} {value:.4g}' for name, value in numbers)
