"""Training a classifier or a detector from a config: what ``tools/train.py`` calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from ostrdet.apis.build_runner import build_run
from ostrdet.settings.train import load_config


def train(config: str | Path | Config, **options: Any) -> Runner:
    """Train to the end.

    Args:
        config: A config, or its file.
        options: As in :func:`build_training`.

    Returns:
        The runner after the training; checkpoints are in its work dir.

    Raises:
        NonFiniteError: If a loss or a weight is not finite; the last checkpoint stays.
        Exception: As in :func:`build_training`.
    """
    runner = build_training(config, **options)
    runner.train()
    return runner


def build_training(
    config: str | Path | Config,
    genotype: str | Path | None = None,
    work_dir: str | Path | None = None,
    resume: str | None = None,
    seed: int | None = None,
    data_root: str | Path | None = None,
    amp: str | None = None,
    auto_scale_lr: bool = False,
    cfg_options: Sequence[str] = (),
    launcher: str = 'none',
    threads: str | int | None = None,
) -> Runner:
    """The runner of a training, before its first step.

    Args:
        config: A config, or its file.
        genotype: Published name, file or text, instead of the config's.
        work_dir: Where results go; ``work_dirs/<config>[_<genotype>]`` if None.
        resume: Path of a checkpoint, or 'auto' for the newest of the work dir; None starts anew.
        seed: Seed of the run, instead of the config's.
        data_root: Folder of the data set, instead of the config's.
        amp: 'bfloat16' or 'float16' for autocast.
        auto_scale_lr: Whether to scale the learning rate with the batch over all processes.
        cfg_options: Overrides, as 'key=value'.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        threads: Threads of torch, or 'auto' for the fastest number; None leaves it to the config.

    Raises:
        FileNotFoundError: If the config, the genotype or a checkpoint is missing.
        FileExistsError: If the work dir holds a training already and ``resume`` is None.
        WorkDirInUseError: If another run writes into the work dir.
        UnknownNameError: If a type or the genotype is unknown; the nearest name is offered.
        InvalidTypeError: If a key in the config is unknown.
        InvalidValueError: If a value is out of its range, or the genotype is of another space.
    """
    cfg = load_config(
        config, genotype, work_dir, seed, data_root, amp, auto_scale_lr, cfg_options, threads
    )
    return build_run(cfg, resume, 'training', launcher)
