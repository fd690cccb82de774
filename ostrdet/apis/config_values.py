"""Checks the values of a config that every kind of run shares, before anything is built."""

import logging
import math
import multiprocessing
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

#: Hooks that mmengine adds by itself, and leaves out where the config says None.
STOCK_HOOKS = {
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
}
TRAINING = ('train_dataloader', 'train_cfg', 'optim_wrapper')
#: What ``torch.compile`` takes but for ``options``, which name a compiler to run.
COMPILE = {'backend', 'mode', 'fullgraph', 'dynamic', 'disable'}


class Rule(NamedTuple):
    """What the value of some keys must be.

    Attributes:
        keys: Dotted key; ``*`` stands for one name, ``**.`` for any number of them.
        holds: Whether a value is as expected.
        expected: The same in words.
    """

    keys: str
    holds: Callable[[Any], bool]
    expected: str


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _at_least(least: int, *keys: str, none: bool = False) -> list[Rule]:
    """Rules of integers; with ``none`` the key may also be None."""
    words = f'an integer, at least {least}' + (', or None' if none else '')
    return [
        Rule(key, lambda v: (none and v is None) or (_is_integer(v) and v >= least), words)
        for key in keys
    ]


def _not_negative(*keys: str) -> list[Rule]:
    return [Rule(key, lambda v: _is_number(v) and v >= 0, 'a number, at least 0') for key in keys]


def _one_of(key: str, *names: str) -> Rule:
    return Rule(key, lambda value: value in names, f'one of {", ".join(names)}')


RULES = (
    Rule('model', lambda v: isinstance(v, Mapping) and 'type' in v, "a dict with the key 'type'"),
    *_at_least(1, '*_dataloader.batch_size'),
    *_at_least(0, '*_dataloader.num_workers'),
    *_at_least(1, 'train_cfg.max_epochs', 'train_cfg.max_iters'),
    *_at_least(1, 'train_cfg.val_begin', 'train_cfg.val_interval'),
    *_at_least(0, 'train_cfg.arch_start_epoch', 'train_cfg.split_seed'),
    *_at_least(1, 'model.**.num_classes', 'model.*.channels', 'model.**.space.num_*'),
    *_at_least(1, 'model.*.num_cells', none=True),
    *_at_least(1, '*_dataloader.**.preload_size', '*_dataloader.dataset.size', none=True),
    *_not_negative('optim_wrapper.**.optimizer.lr', 'optim_wrapper.**.optimizer.weight_decay'),
    *_not_negative('optim_wrapper.**.optimizer.momentum'),
    Rule(
        'optim_wrapper.**.optimizer.betas',
        lambda v: (
            isinstance(v, list | tuple)
            and len(v) == 2
            and all(_is_number(beta) and 0 <= beta < 1 for beta in v)
        ),
        'two numbers in [0, 1)',
    ),
    Rule(
        'optim_wrapper.**.clip_grad',
        lambda v: v is None or (isinstance(v, Mapping) and bool(v)),
        'None, or a dict such as dict(max_norm=5)',
    ),
    Rule(
        'optim_wrapper.**.clip_grad.max_norm', lambda v: _is_number(v) and v > 0, 'a number above 0'
    ),
    *_at_least(1, 'optim_wrapper.**.accumulative_counts'),
    *_at_least(1, 'param_scheduler.**.T_max', none=True),
    *_at_least(0, 'param_scheduler.**.begin'),
    Rule(
        'default_hooks.checkpoint.interval',
        lambda v: _is_integer(v) and (v >= 1 or v == -1),
        'a number of epochs, at least 1, or -1 for no checkpoints',
    ),
    *_at_least(1, 'default_hooks.logger.interval'),
    Rule(
        'compile',
        lambda v: isinstance(v, bool) or (isinstance(v, Mapping) and set(v) <= COMPILE),
        f'True, False, or a dict with some of the keys {", ".join(sorted(COMPILE))}',
    ),
    # Code that comes with weights
    Rule('**.trust_remote_code', lambda v: v is False, 'False'),
    _one_of('env_cfg.mp_cfg.mp_start_method', *multiprocessing.get_all_start_methods()),
    _one_of('log_level', *logging.getLevelNamesMapping()),
)


def check_values(cfg: Mapping[str, Any]) -> None:
    """Check the values for which there is a rule.

    Args:
        cfg: The config as plain dicts and lists.

    Raises:
        ValueError: If a value is not what it must be, or only some of the keys of a training are
            there.
    """
    _check_parts(cfg)
    for key, value in _values(cfg, ''):
        for pattern, rule in _COMPILED:
            if pattern.fullmatch(key) and not rule.holds(value):
                raise ValueError(f'{key}={_short(value)}, expected {rule.expected}')


def _check_parts(cfg: Mapping[str, Any]) -> None:
    if cfg.get('model') is None:
        raise ValueError("the config has no model; take one of configs/ as its '_base_'")
    there = [key for key in TRAINING if cfg.get(key) is not None]
    if there and len(there) < len(TRAINING):
        (lost, *_) = (key for key in TRAINING if key not in there)
        raise ValueError(
            f'{lost}=None, expected a dict, since {" and ".join(there)} are set; a training needs '
            f'{", ".join(TRAINING)}'
        )
    for name, hook in (cfg.get('default_hooks') or {}).items():
        if not (isinstance(hook, Mapping) and 'type' in hook) and not (
            hook is None and name in STOCK_HOOKS
        ):
            raise ValueError(
                f"default_hooks.{name}={_short(hook)}, expected a dict with the key 'type'"
            )


def _values(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of a config with its dotted key, dicts and lists included."""
    if isinstance(node, Mapping):
        children: Iterator[tuple[Any, Any]] = iter(node.items())
    elif isinstance(node, list | tuple):
        children = enumerate(node)
    else:
        return
    for key, child in children:
        name = f'{path}.{key}' if path else str(key)
        yield name, child
        yield from _values(child, name)


def _compile(keys: str) -> re.Pattern[str]:
    parts = {r'\*\*\.': r'(?:.+\.)?', r'\*': r'[^.]+'}
    return re.compile(re.sub(r'\\\*\\\*\\\.|\\\*', lambda m: parts[m[0]], re.escape(keys)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'


_COMPILED = [(_compile(rule.keys), rule) for rule in RULES]
