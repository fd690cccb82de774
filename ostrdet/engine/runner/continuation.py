"""What a run that goes on takes from its checkpoint, and what from the config as it is now."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from mmengine.config import Config
from mmengine.optim import OptimWrapperDict, _ParamScheduler
from mmengine.runner import Runner

from ostrdet.engine.checkpoint import changes, settings
from ostrdet.errors import InvalidValueError

#: Differences between a run and its continuation that a message lists.
SHOWN = 5
#: What the rates of a run depend on.
SCHEDULE = (
    *('optim_wrapper', 'param_scheduler', 'auto_scale_lr', 'train_cfg.max_'),
    *('train_dataloader.', 'samples', 'processes', 'iterations'),
)
INITIAL = 'initial_'


def check_continues(
    checkpoint: Mapping[str, Any], filename: str, cfg: Config, seed: int | None, present: Any
) -> list[str]:
    """Check that a checkpoint can be gone on with; before anything is loaded.

    Args:
        checkpoint: What the file holds.
        filename: The file, for the messages.
        cfg: The config of the continuation.
        seed: Its seed.
        present: Its fingerprint.

    Returns:
        What has changed since, and is taken as it is now.

    Raises:
        InvalidValueError: If the file holds no run, or one of another seed, model, data or
            optimizer; mmengine would go on with the samples in the order of this seed, and the rest
            by that of the checkpoint.
    """
    for key in ('meta', 'message_hub', 'optimizer'):
        if key not in checkpoint:
            raise InvalidValueError(
                f"--resume: '{filename}' lacks '{key}': it holds weights, but no run to continue "
                'with; give a checkpoint of the work dir, or start from the weights by load_from'
            )
    meta = checkpoint['meta']
    saved = dict(meta.get('fingerprint') or present)
    saved.setdefault('iterations', present['iterations'])  # that of an older release has none
    found = changes(saved, present)
    # Whatever changes the iterations of an epoch says more
    differences = [text for text in found if not text.startswith('iterations ')] or found
    if differences and not cfg.get('resume_anyway'):
        raise InvalidValueError(
            f"--resume: '{filename}' is of another run: {listed(differences)}. Take the config "
            'that it was written with, or continue all the same with resume_anyway=True'
        )
    if meta['seed'] != seed:
        raise InvalidValueError(
            f"--resume: '{filename}' is of a run with randomness.seed={meta['seed']}, this one "
            f'has {seed}; give --seed {meta["seed"]}'
        )
    now = settings(cfg.to_dict())
    return list(dict.fromkeys([*differences, *changes(meta.get('settings') or now, now)]))


def listed(differences: Sequence[str]) -> str:
    """Differences in one line: the first of them, and how many more there are."""
    more = len(differences) - SHOWN
    return '; '.join(differences[:SHOWN]) + (f'; and {more} more' if more > 0 else '')


def iterations_done(meta: Mapping[str, Any], filename: str, iterations: int) -> int:
    """The iterations that are done, counted in epochs as they are now.

    Args:
        meta: That of the checkpoint.
        filename: The checkpoint, for the message.
        iterations: Iterations of an epoch.

    Raises:
        InvalidValueError: If the checkpoint is within an epoch, and epochs had another length.
    """
    before = int(meta.get('fingerprint', {}).get('iterations', iterations))
    within = int(meta['iter'] - meta['epoch'] * before)
    if before != iterations and within:
        raise InvalidValueError(
            f"--resume: '{filename}' is within an epoch of {before} iterations, now an epoch has "
            f'{iterations}; give a checkpoint epoch_N.pth'
        )
    return int(meta['epoch']) * iterations + within


def rates_changed(differences: Iterable[str]) -> bool:
    """Whether the rates from here on are others than those of the checkpoint."""
    return any(text.startswith(SCHEDULE) for text in differences)


class Rates:
    """Rates, decays and schedules as the config has them, to be taken up where a run stands.

    Args:
        runner: The runner, after its optimizers were built and before a checkpoint is loaded.
    """

    def __init__(self, runner: Runner) -> None:
        self.groups = [[_fresh(group) for group in groups] for groups in _groups(runner)]

    def follow(self, runner: Runner) -> None:
        """Set rates and decays, and step new schedulers as often as the run would have.

        Momenta and moments stay those of the checkpoint. An uninterrupted run of this config would
        have the same rates, to the bit.

        Raises:
            InvalidValueError: If a scheduler goes by metrics, which were not kept.
        """
        for groups, fresh in zip(_groups(runner), self.groups, strict=True):
            for group, values in zip(groups, fresh, strict=True):
                group.update(values)
        schedule = runner.cfg.get('param_scheduler')
        if schedule is None:
            return
        runner.param_schedulers = runner.build_param_scheduler(deepcopy(schedule))
        _replay(runner)


def _groups(runner: Runner) -> list[list[dict[str, Any]]]:
    wrapper: Any = runner.optim_wrapper
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return [wrapper.param_groups for wrapper in wrappers]


def _fresh(group: Mapping[str, Any]) -> dict[str, Any]:
    """What a scheduler has not touched yet."""
    values = {key: value for key, value in group.items() if key != 'params'}
    starts = {k.removeprefix(INITIAL): v for k, v in group.items() if k.startswith(INITIAL)}
    return {**values, **starts}


def _replay(runner: Runner) -> None:
    """Step the schedulers through what is done, in the order of the hook that steps them."""
    found: Any = runner.param_schedulers
    schedulers: list[_ParamScheduler] = (
        [one for several in found.values() for one in several] if isinstance(found, dict) else found
    )
    if any(getattr(scheduler, 'need_val_args', False) for scheduler in schedulers):
        raise InvalidValueError(
            'param_scheduler: a schedule that goes by metrics can not be taken up under other '
            'settings, since the metrics of the epochs that are done were not kept; take the config '
            'that the checkpoint was written with'
        )
    length, steps = len(runner.train_loop.dataloader), runner.iter
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', r'Detected call of `scheduler\.step')
        for epoch in range(runner.epoch + 1):
            end = steps if epoch == runner.epoch else (epoch + 1) * length
            for _ in range(epoch * length, end):
                _step(schedulers, by_epoch=False)
            if epoch < runner.epoch:
                _step(schedulers, by_epoch=True)


def _step(schedulers: Iterable[_ParamScheduler], by_epoch: bool) -> None:
    for scheduler in schedulers:
        if scheduler.by_epoch == by_epoch:
            scheduler.step()
