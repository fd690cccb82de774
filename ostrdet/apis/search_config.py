"""The config of a search: read, overridden from the command line, and checked."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, DictAction

from ostrdet.apis.config_check import TOP_LEVEL, check_config
from ostrdet.registry import nearest

LOADERS = ('train_dataloader', 'val_dataloader')


def load_config(
    config: str | Path | Config,
    work_dir: str | Path | None = None,
    seed: int | None = None,
    data_root: str | Path | None = None,
    benchmark: str | Path | None = None,
    amp: str | None = None,
    cfg_options: Sequence[str] = (),
) -> Config:
    """A checked config of its own; arguments as in :func:`ostrdet.apis.search.build_search`.

    Raises:
        FileNotFoundError: If there is no such file.
        KeyError, TypeError, ValueError: If the config or an override is wrong; the message names
            the key.
    """
    cfg = deepcopy(config) if isinstance(config, Config) else _read(Path(config))
    cfg.merge_from_dict(dict(_parse_option(option, cfg) for option in cfg_options))
    if work_dir is not None or not cfg.get('work_dir'):
        cfg.work_dir = str(work_dir or Path('work_dirs') / Path(cfg.filename or 'search').stem)
    if seed is not None:
        cfg.merge_from_dict({'randomness.seed': seed})
    if data_root is not None:
        _set_data_root(cfg, str(data_root))
    if benchmark is not None:
        cfg.merge_from_dict({'default_hooks.selector.benchmark': str(benchmark)})
    if amp is not None:
        _set_amp(cfg, amp)
    check_config(cfg.to_dict())
    _check_seed(cfg)
    return cfg


def _read(path: Path) -> Config:
    if not path.is_file():
        raise FileNotFoundError(f"there is no config file '{path}'")
    try:
        return Config.fromfile(path)
    except (SyntaxError, NameError) as error:
        raise ValueError(f"config file '{path}': {error}") from error


def _parse_option(option: str, cfg: Config) -> tuple[str, Any]:
    key, equals, value = option.partition('=')
    if not (key and equals):
        raise ValueError(f"--cfg-options: '{option}' is not of the form key=value")
    name, known = key.partition('.')[0], {*cfg, *TOP_LEVEL}
    if name not in known:
        raise KeyError(f"--cfg-options: config key '{name}' is unknown. {nearest(name, known)}")
    try:
        return key, DictAction._parse_iterable(value)
    except AssertionError:
        raise ValueError(f"--cfg-options: the brackets of '{option}' do not match") from None


def _set_data_root(cfg: Config, data_root: str) -> None:
    for loader in LOADERS:
        dataset = (cfg.get(loader) or {}).get('dataset', {})
        if dataset and 'data_root' not in dataset:
            raise ValueError(f'--data-root: the data set {dataset.get("type")} needs no folder')
        if dataset:
            dataset.data_root = data_root


def _set_amp(cfg: Config, dtype: str) -> None:
    if dtype == 'float16' and not torch.cuda.is_available():
        raise ValueError('--amp float16 needs a GPU, there is none; use --amp bfloat16')
    cfg.model.autocast = dtype
    if dtype == 'float16':
        cfg.merge_from_dict(
            {'optim_wrapper.weights.type': 'AmpOptimWrapper', 'optim_wrapper.weights.dtype': dtype}
        )


def _check_seed(cfg: Config) -> None:
    seed = (cfg.get('randomness') or {}).get('seed')
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(
            f'randomness.seed={seed!r}: a search needs a seed in [0, 2**32), since a resumed run '
            'could not repeat a random one; set it, or give --seed N'
        )
