"""A search from a config: what ``tools/search.py`` calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from ostrdet.apis.build_runner import build_run
from ostrdet.apis.stages import search_stages
from ostrdet.engine.runner import explained
from ostrdet.engine.untrained.proxy_search import ProxySearch
from ostrdet.errors import InvalidValueError
from ostrdet.invocation import PREFIX
from ostrdet.records.files import GENOTYPE
from ostrdet.registry import check_arguments
from ostrdet.settings.search import load_config
from ostrdet.structures import Genotype, load_genotype


def search(
    config: str | Path | Config,
    *,
    resume: str | None = None,
    launcher: str = 'none',
    **options: Any,
) -> Runner | Genotype:
    """Run a search to its end, or all its ``stages``, or its ``proxy_search``, which trains nothing.

    Args:
        config: A config, or its file.
        resume: As in :func:`build_search`; of a search in stages, it finds the stage.
        launcher: As in :func:`build_search`.
        options: As in :func:`build_search`.

    Returns:
        The runner after the search, or that of the last stage, or the genotype of a search without
        training; it is in ``genotype.json`` of the work dir.

    Raises:
        NonFiniteError: If a loss or a parameter is not finite; the last checkpoint stays.
        Exception: As in :func:`build_search` and :func:`~ostrdet.apis.stages.search_stages`.
    """
    return _run(load_config(config, **options), resume, launcher)


def search_genotype(
    config: str | Path | Config,
    work_dir: str | Path | None = None,
    *,
    resume: str | None = None,
    **options: Any,
) -> Genotype:
    """Run a search as :func:`search` does, for what it chooses: ``ostrdet.search`` is this call.

    Args:
        config: A config, its file, or the name of one that the package carries: ``ostr_nb201_digits``
            for ``ostrdet::search/ostr_nb201_digits.py``.
        work_dir: As in :func:`build_search`.
        resume: As in :func:`build_search`.
        options: As in :func:`build_search`, without ``launcher``.

    Returns:
        The genotype in ``genotype.json`` of the work dir.

    Raises:
        FileNotFoundError: If there is no such config; the nearest name is offered.
        Exception: As in :func:`search`.
    """
    cfg = load_config(_named(config), work_dir, **options)
    _run(cfg, resume, 'none')
    return load_genotype(Path(cfg.work_dir) / GENOTYPE)


def _named(config: str | Path | Config) -> str | Path | Config:
    """The config of the package that a word without a suffix names."""
    is_word = isinstance(config, str) and Path(config).name == config and not Path(config).suffix
    return f'{PREFIX}search/{config}.py' if is_word else config


def _run(cfg: Config, resume: str | None, launcher: str) -> Runner | Genotype:
    if cfg.get('proxy_search') is not None:
        return _proxy_search(cfg, resume, launcher)
    if cfg.get('stages') is not None:
        return search_stages(cfg, resume, launcher)
    runner = build_run(cfg, resume, 'search', launcher)
    runner.train()
    return runner


def _proxy_search(cfg: Config, resume: str | None, launcher: str) -> Genotype:
    if launcher != 'none':
        raise InvalidValueError(
            f'--launcher {launcher}: proxy_search scores one network after the other; leave it out'
        )
    options = dict(cfg.proxy_search)
    check_arguments(ProxySearch, options, 'proxy_search')
    with explained(cfg):
        return ProxySearch(cfg, **options).run(resume is not None)


def build_search(
    config: str | Path | Config,
    work_dir: str | Path | None = None,
    resume: str | None = None,
    seed: int | None = None,
    data_root: str | Path | None = None,
    benchmark: str | Path | Sequence[str | Path] | None = None,
    amp: str | None = None,
    cfg_options: Sequence[str] = (),
    launcher: str = 'none',
    threads: str | int | None = None,
) -> Runner:
    """The runner of a search, before its first step.

    Args:
        config: A config, or its file.
        work_dir: Where results go; ``work_dirs/<name of the config>`` if None.
        resume: Path of a checkpoint, or 'auto' for the newest of the work dir; None starts anew.
        seed: Seed of the run, instead of the config's.
        data_root: Folder of the data set, instead of the config's.
        benchmark: Table of accuracies, or several, instead of the config's.
        amp: 'bfloat16' or 'float16' for autocast.
        cfg_options: Overrides, as 'key=value'.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        threads: Threads of torch, or 'auto' for the fastest number; None leaves it to the config.

    Raises:
        FileNotFoundError: If the config, the table or a checkpoint is missing.
        FileExistsError: If the work dir holds a search already and ``resume`` is None.
        WorkDirInUseError: If another run writes into the work dir.
        UnknownNameError: If a type in the config is unknown; the nearest name is offered.
        InvalidTypeError: If a key in the config is unknown.
        InvalidValueError: If a value is out of its range, or the config has ``stages`` or ``proxy_search``.
    """
    cfg = load_config(config, work_dir, seed, data_root, benchmark, amp, cfg_options, threads)
    if cfg.get('proxy_search') is not None:
        raise InvalidValueError(
            'proxy_search: this search takes no steps, so it has no runner; use search'
        )
    if cfg.get('stages') is not None:
        raise InvalidValueError(
            f'stages: this builds one run, not {len(cfg.stages)}; use search, which runs all of them'
        )
    return build_run(cfg, resume, 'search', launcher)
