"""Configs: read from a file, overridden from the command line, and what all kinds have checked."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from ostrdet.compat import CLASSIFICATION, DETECTION, import_quietly
from ostrdet.compat.prepare import prepare
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.registry import nearest
from ostrdet.settings.components import TOP_LEVEL, check_config
from ostrdet.settings.files import read_text
from ostrdet.settings.names import check_names
from ostrdet.settings.option_values import DEEPEST, parse_value
from ostrdet.settings.rules import THREADS
from ostrdet.settings.values import check_values
from ostrdet.structures.config_tree import innermost, value_at
from ostrdet.structures.integers import is_integer

#: ``default_scope`` of the configs whose model is mmdet's.
DETECTION_SCOPE = 'mmdet'
#: What configs need whose model is of another library, by their ``default_scope``.
MODULES = {DETECTION_SCOPE: DETECTION, 'mmpretrain': CLASSIFICATION}
#: Characters of an option that a message repeats.
SHOWN = 80
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def read_config(config: str | Path | Config, cfg_options: Sequence[str] = ()) -> Config:
    """A config of its own, with overrides of the form 'key=value', its names and values checked.

    Raises:
        FileNotFoundError: If there is no such file.
        KeyError, ValueError: If the file, an override, a name or a value is wrong.
    """
    prepare()
    cfg = deepcopy(config) if isinstance(config, Config) else read_text(config)
    import_quietly(MODULES.get(cfg.get('default_scope'), ()))
    present = cfg.to_dict()
    options = dict(_parse_option(option, present) for option in cfg_options)
    try:
        cfg.merge_from_dict(options)
    except (KeyError, TypeError) as error:
        raise InvalidValueError(
            f'--cfg-options {" ".join(cfg_options)}: {error.args[0]}'
        ) from error
    check_contents(cfg)
    return cfg


def check_contents(cfg: Config) -> None:
    """Check names and values, before any look-up: mmengine imports what it does not know.

    Raises:
        KeyError, ValueError: With the key that is wrong.
    """
    plain = cfg.to_dict()
    check_names(plain)
    check_values(plain)


def set_common(
    cfg: Config,
    name: str,
    work_dir: str | Path | None,
    seed: int | None,
    data_root: Any,
    threads: str | int | None = None,
) -> None:
    """Set what every kind of run has.

    Args:
        cfg: The config.
        name: Name of the work dir where neither the config nor ``work_dir`` gives one.
        work_dir: Where results go, or None.
        seed: Seed of the run, or None for the config's.
        data_root: Folder of the data set, or None for the config's.
        threads: Threads of torch, 'auto', or None for the config's.

    Raises:
        InvalidValueError: If ``threads`` is neither.
    """
    if work_dir is not None or not cfg.get('work_dir'):
        cfg.work_dir = str(work_dir or Path('work_dirs') / name)
    if seed is not None:
        cfg.merge_from_dict({'randomness.seed': seed})
    if data_root is not None:
        _set_data_root(cfg, str(data_root))
    if threads is not None:
        count = int(threads) if str(threads).isdecimal() else threads
        if not THREADS.holds(count):
            raise InvalidValueError(f'--threads {threads}: expected {THREADS.expected}')
        cfg.merge_from_dict({'env_cfg.threads': count})


def check_autocast(dtype: str) -> None:
    """Raise a ``ValueError`` if ``dtype`` needs a GPU and there is none."""
    if dtype == 'float16' and not torch.cuda.is_available():
        raise InvalidValueError('--amp float16 needs a GPU, there is none; use --amp bfloat16')


def check(cfg: Config) -> None:
    """Check types, keys and the seed.

    Raises:
        KeyError, TypeError, ValueError: With the key that is wrong.
    """
    plain = cfg.to_dict()
    plain.pop('stages', None)  # parts of configs, which are checked where they are merged
    check_config(plain)
    seed = (cfg.get('randomness') or {}).get('seed')
    if not is_integer(seed) or not 0 <= seed < 2**32:
        raise InvalidValueError(
            f'randomness.seed={seed!r}: a run needs a seed in [0, 2**32), since a resumed run '
            'could not repeat a random one; set it, or give --seed N'
        )


def _parse_option(option: str, cfg: Mapping[str, Any]) -> tuple[str, Any]:
    key, equals, value = option.partition('=')
    if not (key and equals):
        raise InvalidValueError(f"--cfg-options: '{option}' is not of the form key=value")
    name, known = key.partition('.')[0], {*cfg, *TOP_LEVEL}
    if name not in known:
        raise UnknownNameError(
            f"--cfg-options: config key '{name}' is unknown. {nearest(name, known)}"
        )
    if key.count('.') > DEEPEST:
        raise InvalidValueError(
            f"--cfg-options: '{_short(key)}' has more than {DEEPEST} dots; expected a key of the config"
        )
    try:
        parsed = parse_value(value, key, value_at(cfg, key))
    except ValueError as error:
        raise InvalidValueError(
            f"--cfg-options: the brackets of '{_short(option)}' {error}"
        ) from None
    _check_item(key, parsed, cfg)
    return key, parsed


def _check_item(key: str, value: Any, cfg: Mapping[str, Any]) -> None:
    """Check that what an option changes within a list is a dict there: mmengine merges no other."""
    node: Any = cfg
    names = key.split('.')
    for depth, name in enumerate(names):
        if not isinstance(node, list | tuple):
            node = node.get(name) if isinstance(node, Mapping) else None
            continue
        found = node[int(name)] if name.isdecimal() and int(name) < len(node) else None
        is_merged = depth + 1 < len(names) or isinstance(value, Mapping)
        if not (isinstance(node, list) and isinstance(found, Mapping) and is_merged):
            above = '.'.join(names[:depth])
            raise InvalidValueError(
                f"--cfg-options: '{key}={_short(str(value))}': '{above}' is a list of {len(node)}, in "
                f"which only a dict can be changed, by its index; give all of it, '{above}=[...]'"
            )
        node = found


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f'{text[:SHOWN]}...'


def _set_data_root(cfg: Config, data_root: str) -> None:
    moved: list[
        tuple[Any, Path | None]
    ] = []  # validation and test may share one dict, which must move once
    for loader in LOADERS:
        dataset = innermost((cfg.get(loader) or {}).get('dataset', {}))
        if dataset and 'data_root' not in dataset:
            raise InvalidValueError(
                f'--data-root: the data set {dataset.get("type")} needs no folder'
            )
        if dataset:
            evaluator = cfg.get(loader.replace('dataloader', 'evaluator'))
            moved += [*_annotations(evaluator, dataset), (dataset, None)]
    for target, path in moved:
        if path is None:
            target.data_root = data_root
        else:
            target.ann_file = str(Path(data_root) / path)


def _annotations(evaluator: Any, dataset: Any) -> Iterator[tuple[Any, Path]]:
    """The metrics that read a file below the data root of ``dataset``, and its path there."""
    metrics: list[Any] = evaluator if isinstance(evaluator, list) else [evaluator or {}]
    for metric in metrics:
        path = metric.get('ann_file')
        if path is not None and Path(path).is_relative_to(dataset.data_root):
            yield metric, Path(path).relative_to(dataset.data_root)
