"""What must not change between a run and its continuation."""

from collections.abc import Iterator, Mapping
from typing import Any

#: Keys that change how a network is computed or started, but not what it is.
HARMLESS = {'autocast', 'channels_last', 'engine', 'init_cfg', 'provenance', 'with_cp'}
#: What is compared besides the model.
KEYS = (
    'train_dataloader.batch_size',
    'train_dataloader.batch_sampler.type',
    'train_dataloader.dataset.type',
    'train_dataloader.dataset.split',
    'train_dataloader.dataset.ann_file',
    'train_dataloader.dataset.indices',
    'train_cfg.portions',
    'train_cfg.split_seed',
    'train_cfg.arch_start_epoch',
    'optim_wrapper.optimizer.type',
    'optim_wrapper.weights.optimizer.type',
    'optim_wrapper.arch.optimizer.type',
)


def fingerprint(cfg: Mapping[str, Any], samples: int, world_size: int) -> dict[str, str]:
    """Space, sizes, split, data, batch, optimizers and processes of a run, as text by config key.

    Args:
        cfg: The config as plain dicts and lists.
        samples: Length of the training set.
        world_size: Number of processes.
    """
    found = dict(_leaves(cfg.get('model', {}), 'model'))
    for key in KEYS:
        value = value_at(cfg, key)
        if value is not None:
            found[key] = _text(value)
    return {**found, 'samples': str(samples), 'processes': str(world_size)}


def changes(saved: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """The keys in which two fingerprints differ, with both values."""
    keys = {**saved, **present}
    return [
        f'{key} was {saved.get(key, "not set")}, is {present.get(key, "not set")}'
        for key in keys
        if saved.get(key) != present.get(key)
    ]


def _leaves(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, child in node.items():
            if key not in HARMLESS:
                yield from _leaves(child, f'{path}.{key}')
    else:
        yield path, _text(node)


def _text(value: Any) -> str:
    return repr(list(value) if isinstance(value, list | tuple | range) else value)[:200]


def value_at(cfg: Any, key: str) -> Any:
    """The value of a dotted key, or None where the config has no such key."""
    for name in key.split('.'):
        cfg = cfg.get(name) if isinstance(cfg, Mapping) else None
    return cfg
