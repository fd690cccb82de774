"""The values of a config, with the keys that lead to them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Keys = tuple[str, ...]


def walk(node: Any, above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Every value below a node, dicts and lists included, each before what it holds.

    Args:
        node: A config as plain dicts and lists.
        above: The keys that lead to it.

    Examples:
        >>> [('.'.join(keys), value) for keys, value in walk({'a': [{'b': 1}]})]
        [('a', [{'b': 1}]), ('a.0', {'b': 1}), ('a.0.b', 1)]
    """
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(node, Mapping):
        children = node.items()
    elif isinstance(node, list | tuple):
        children = enumerate(node)
    for key, child in children:
        keys = (*above, str(key))
        yield keys, child
        yield from walk(child, keys)


def innermost(dataset: Any) -> Any:
    """The config of the data set inside those that repeat it or take a part of it."""
    while isinstance(dataset, Mapping) and isinstance(dataset.get('dataset'), Mapping):
        dataset = dataset['dataset']
    return dataset


def value_at(cfg: Any, key: str) -> Any:
    """The value of a dotted key, or None where the config has no such key."""
    for name in key.split('.'):
        cfg = cfg.get(name) if isinstance(cfg, Mapping) else None
    return cfg
