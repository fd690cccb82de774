"""The config of a search: read, overridden from the command line, and checked."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ostrdet.errors import InvalidValueError
from ostrdet.settings.load import check, check_autocast, read_config, set_common
from ostrdet.settings.stages import check_stages


def load_config(
    config: str | Path | Config,
    work_dir: str | Path | None = None,
    seed: int | None = None,
    data_root: str | Path | None = None,
    benchmark: str | Path | Sequence[str | Path] | None = None,
    amp: str | None = None,
    cfg_options: Sequence[str] = (),
    threads: str | int | None = None,
) -> Config:
    """A checked config of its own; arguments as in :func:`ostrdet.apis.search.build_search`.

    Raises:
        FileNotFoundError: If there is no such file.
        KeyError, TypeError, ValueError: If the config or an override is wrong; the message names
            the key.
    """
    cfg = read_config(config, cfg_options)
    set_common(cfg, Path(cfg.filename or 'search').stem, work_dir, seed, data_root, threads)
    if benchmark is not None:
        cfg.merge_from_dict({'default_hooks.selector.benchmark': _texts(benchmark)})
    if amp is not None:
        _set_amp(cfg, amp)
    check_search(cfg)
    if cfg.get('stages') is not None:
        check_stages(cfg, check_search)
    return cfg


def _texts(paths: str | Path | Sequence[str | Path]) -> str | list[str]:
    if isinstance(paths, str | Path):
        return str(paths)
    return str(paths[0]) if len(paths) == 1 else [str(path) for path in paths]


def check_search(cfg: Config) -> None:
    """Check types, keys, the seed, and that something selects.

    Raises:
        KeyError, TypeError, ValueError: With the key that is wrong.
    """
    check(cfg)
    if not (cfg.get('default_hooks') or {}).get('selector'):
        raise InvalidValueError(
            'default_hooks.selector is missing: the search would choose nothing; set it to '
            "dict(type='SelectorHook', criterion=dict(type='OperationStrength'))"
        )


def _set_amp(cfg: Config, dtype: str) -> None:
    check_autocast(dtype)
    cfg.model.autocast = dtype
    if dtype == 'float16':
        cfg.merge_from_dict(
            {'optim_wrapper.weights.type': 'AmpOptimWrapper', 'optim_wrapper.weights.dtype': dtype}
        )
