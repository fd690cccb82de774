"""A search from a config: what ``tools/search.py`` calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from ostrdet.apis.build_runner import build_run
from ostrdet.settings.search import load_config


def search(config: str | Path | Config, **options: Any) -> Runner:
    """Run a search to its end.

    Args:
        config: A config, or its file.
        options: As in :func:`build_search`.

    Returns:
        The runner after the search; the genotype is in ``genotype.json`` of its work dir.

    Raises:
        NonFiniteError: If a loss or a parameter is not finite; the last checkpoint stays.
        Exception: As in :func:`build_search`.
    """
    runner = build_search(config, **options)
    runner.train()
    return runner


def build_search(
    config: str | Path | Config,
    work_dir: str | Path | None = None,
    resume: str | None = None,
    seed: int | None = None,
    data_root: str | Path | None = None,
    benchmark: str | Path | None = None,
    amp: str | None = None,
    cfg_options: Sequence[str] = (),
    launcher: str = 'none',
) -> Runner:
    """The runner of a search, before its first step.

    Args:
        config: A config, or its file.
        work_dir: Where results go; ``work_dirs/<name of the config>`` if None.
        resume: Path of a checkpoint, or 'auto' for the newest of the work dir; None starts anew.
        seed: Seed of the run, instead of the config's.
        data_root: Folder of the data set, instead of the config's.
        benchmark: Table of accuracies, instead of the config's.
        amp: 'bfloat16' or 'float16' for autocast.
        cfg_options: Overrides, as 'key=value'.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        FileNotFoundError: If the config, the table or a checkpoint is missing.
        FileExistsError: If the work dir holds a search already and ``resume`` is None.
        WorkDirInUseError: If another run writes into the work dir.
        UnknownNameError: If a type in the config is unknown; the nearest name is offered.
        InvalidTypeError: If a key in the config is unknown.
        InvalidValueError: If a value is out of its range.
    """
    cfg = load_config(config, work_dir, seed, data_root, benchmark, amp, cfg_options)
    return build_run(cfg, resume, 'search', launcher)
