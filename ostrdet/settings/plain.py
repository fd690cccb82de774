"""Dicts of a config without a ``type``, whose keys mmengine looks up one by one, or not at all."""

import inspect
import re
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.runner import LogProcessor, Runner
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from ostrdet.errors import InvalidTypeError
from ostrdet.registry import nearest
from ostrdet.structures.config_tree import walk

#: Of ``DefaultOptimWrapperConstructor``, which documents them.
PARAMWISE = {
    *('custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult', 'flat_decay_mult'),
    *('dwconv_decay_mult', 'dcn_offset_lr_mult', 'bypass_duplicate'),
}
#: By the name of a constructor whose ``paramwise_cfg`` is known; None is mmengine's own.
CONSTRUCTORS = (None, 'DefaultOptimWrapperConstructor', 'BilevelOptimWrapperConstructor')


def _arguments(function: Any) -> set[str]:
    return {*inspect.signature(function).parameters} - {'self', 'parameters', 'model'}


#: By a pattern of the dotted key: the keys that such a dict may have.
KEYS: dict[str, set[str]] = {
    r'randomness': _arguments(Runner.set_randomness),
    r'auto_scale_lr': {'enable', 'base_batch_size'},
    r'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit', 'threads'},
    r'env_cfg\.mp_cfg': {'mp_start_method', 'opencv_num_threads'},
    r'compile': _arguments(torch.compile),
    r'log_processor': {'type', '_scope_', *_arguments(LogProcessor)},
    r'optim_wrapper\.(?:.+\.)?paramwise_cfg': PARAMWISE,
    r'optim_wrapper\.(?:.+\.)?custom_keys\.[^.]+': {'lr_mult', 'decay_mult'},
}

#: What clips gradients, by the type of ``clip_grad``.
CLIPPING = {'norm': clip_grad_norm_, 'value': clip_grad_value_}


def check_plain(cfg: Mapping[str, Any]) -> None:
    """Check the keys of dicts that have no type.

    Args:
        cfg: The config as plain dicts and lists.

    Raises:
        InvalidTypeError: If nothing reads a key; the nearest that is read is offered.
    """
    constructor = str((cfg.get('optim_wrapper') or {}).get('constructor') or '')
    is_known = (constructor.rpartition('.')[2] or None) in CONSTRUCTORS
    for keys, node in walk(cfg):
        if not isinstance(node, Mapping):
            continue
        path = '.'.join(keys)
        plain = '.'.join(key.replace('.', '_') for key in keys)  # names of weights have dots
        if plain.startswith('optim_wrapper.') and keys[-1] == 'clip_grad':
            _check_keys(path, node, {'type', *_arguments(_clipping(path, node))})
        if path == 'log_processor' and node.get('type', 'LogProcessor') != 'LogProcessor':
            continue
        for pattern, known in KEYS.items():
            if re.fullmatch(pattern, plain) and (is_known or 'paramwise_cfg' not in keys):
                _check_keys(path, node, known)


def _clipping(path: str, node: Mapping[str, Any]) -> Any:
    kind = node.get('type', 'norm')
    if kind not in CLIPPING:
        raise InvalidTypeError(f"{path}.type='{kind}', expected one of {', '.join(CLIPPING)}")
    return CLIPPING[kind]


def _check_keys(path: str, node: Mapping[str, Any], known: set[str]) -> None:
    for key in node:
        if key not in known:
            raise InvalidTypeError(
                f"config key '{path}.{key}': {path} has no key '{key}'. {nearest(key, known)}"
            )
