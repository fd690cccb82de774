"""What must not change between a run and its continuation."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostrdet.structures.config_tree import value_at

#: Keys that change how a network is computed or started, but not what it is.
HARMLESS = {'autocast', 'channels_last', 'engine', 'init_cfg', 'provenance', 'with_cp'}
#: The parts of a config that a continuation takes as they are now, and says so where they differ.
PARTS = (
    *('model', 'compile', 'sync_bn', 'model_wrapper_cfg'),
    *('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr'),
    *('val_dataloader', 'val_cfg', 'val_evaluator', 'default_hooks', 'custom_hooks'),
)
#: Keys that change nothing of what a continuation computes.
WITHOUT_EFFECT = {
    *('init_cfg', 'provenance', 'data_root', 'next_command', 'train_config'),
    *('num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor', 'timeout'),
}
#: Characters of a value that are kept; of the rest a checksum.
LENGTH = 80
#: What is compared besides the model.
KEYS = (
    'train_dataloader.batch_size',
    'train_dataloader.batch_sampler.type',
    'train_dataloader.drop_last',
    'train_dataloader.num_batch_per_epoch',
    'train_dataloader.dataset.type',
    'train_dataloader.dataset.split',
    'train_dataloader.dataset.ann_file',
    'train_dataloader.dataset.indices',
    'train_cfg.portions',
    'train_cfg.split_seed',
    'train_cfg.arch_start_epoch',
    'optim_wrapper.paramwise_cfg',
    'optim_wrapper.optimizer.type',
    'optim_wrapper.weights.optimizer.type',
    'optim_wrapper.arch.optimizer.type',
)


def fingerprint(
    cfg: Mapping[str, Any], samples: int, world_size: int, iterations: int
) -> dict[str, str]:
    """Space, sizes, split, data, batch, optimizers and processes of a run, as text by config key.

    Args:
        cfg: The config as plain dicts and lists.
        samples: Length of the training set.
        world_size: Number of processes.
        iterations: Iterations of an epoch.
    """
    found = dict(_leaves(cfg.get('model', {}), 'model', HARMLESS))
    for key in KEYS:
        value = value_at(cfg, key)
        if value is not None:
            found[key] = _text(value)
    counts = {'samples': samples, 'processes': world_size, 'iterations': iterations}
    return {**found, **{key: str(count) for key, count in counts.items()}}


def settings(cfg: Mapping[str, Any]) -> dict[str, str]:
    """All settings of a run that may change what it computes, as text by config key.

    Args:
        cfg: The config as plain dicts and lists.
    """
    there = (part for part in PARTS if cfg.get(part) is not None)
    return {key: text for part in there for key, text in _leaves(cfg[part], part, WITHOUT_EFFECT)}


def changes(saved: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """The keys in which two fingerprints differ, with both values."""
    keys = {**saved, **present}
    return [
        f'{key} was {saved.get(key, "not set")}, is {present.get(key, "not set")}'
        for key in keys
        if saved.get(key) != present.get(key)
    ]


def _leaves(node: Any, path: str, besides: set[str]) -> Iterator[tuple[str, str]]:
    children: Iterable[tuple[Any, Any]] = node.items() if isinstance(node, Mapping) else ()
    if isinstance(node, list | tuple) and any(isinstance(child, Mapping) for child in node):
        children = enumerate(node)
    elif not isinstance(node, Mapping):
        yield path, _text(node)
    for key, child in children:
        if key not in besides:
            yield from _leaves(child, f'{path}.{key}', besides)


def _text(value: Any) -> str:
    text = repr(list(value) if isinstance(value, list | tuple | range) else value)
    if len(text) <= LENGTH:
        return text
    return f'{text[:LENGTH]}... ({hashlib.sha256(text.encode()).hexdigest()[:8]})'
