"""Checks a config against the components that it names, before anything is built."""

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.registry import LOG_PROCESSORS, TASK_UTILS, Registry
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from ostrdet import registry as own
from ostrdet.errors import InvalidTypeError, UnknownNameError
from ostrdet.registry import lookup, nearest
from ostrdet.settings.kinds import check_kinds
from ostrdet.settings.plain import check_plain
from ostrdet.structures.config_tree import walk

OWN_ROOTS = tuple(own.KEYS.values())
#: The registry of a dict with ``type``, by the key that holds it.
REGISTRIES: dict[str, Registry] = {
    **own.KEYS,
    'model': own.MODELS,
    'supernet': own.MODELS,
    'mixed_op': own.MODELS,
    'norm_cfg': own.MODELS,
    'backbone': own.MODELS,
    'neck': own.MODELS,
    'head': own.MODELS,
    'loss': own.MODELS,
    'bbox_head': own.MODELS,
    'rpn_head': own.MODELS,
    'roi_head': own.MODELS,
    'mask_head': own.MODELS,
    'bbox_roi_extractor': own.MODELS,
    'init_cfg': own.WEIGHT_INITIALIZERS,
    'anchor_generator': TASK_UTILS,
    'bbox_coder': TASK_UTILS,
    'assigner': TASK_UTILS,
    'data_preprocessor': own.MODELS,
    'train_cfg': own.LOOPS,
    'val_cfg': own.LOOPS,
    'test_cfg': own.LOOPS,
    'dataset': own.DATASETS,
    'pipeline': own.TRANSFORMS,
    'sampler': own.DATA_SAMPLERS,
    'batch_sampler': own.DATA_SAMPLERS,
    'collate_fn': own.FUNCTIONS,
    'worker_init_fn': own.FUNCTIONS,
    'default_hooks': own.HOOKS,
    'custom_hooks': own.HOOKS,
    'optim_wrapper': own.OPTIM_WRAPPERS,
    'optimizer': own.OPTIMIZERS,
    'param_scheduler': own.PARAM_SCHEDULERS,
    'val_evaluator': own.METRICS,
    'test_evaluator': own.METRICS,
    'policies': own.TRANSFORMS,
    'visualizer': own.VISUALIZERS,
    'vis_backends': own.VISBACKENDS,
    'log_processor': LOG_PROCESSORS,
    'model_wrapper_cfg': own.MODEL_WRAPPERS,
}
#: Keys of these hold members by name or in a list, each with a ``type`` of its own.
COLLECTIONS = {
    'default_hooks',
    'custom_hooks',
    'optim_wrapper',
    'param_scheduler',
    'pipeline',
    'policies',
    'val_evaluator',
    'test_evaluator',
    'vis_backends',
}
TOP_LEVEL = {
    *inspect.signature(Runner).parameters,
    'model_wrapper_cfg',
    'find_unused_parameters',
    'data_root',
    'compile',
    'sync_bn',
    'resume_anyway',
    'stages',
    'proxy_search',
}
LOADER = {
    *inspect.signature(DataLoader).parameters,
    'worker_init_fn',
    'num_batch_per_epoch',
}
#: The registry of a list of names, by the key that holds it and the one above.
NAMES = {('space', 'ops'): own.OPS, ('selector', 'compare'): own.CRITERIA}
#: Keys that a builder takes before the type sees the rest.
TAKEN = {
    'type',
    '_scope_',
    'convert_to_iter_based',  # of schedulers
    'priority',  # of hooks
    'override',  # of init_cfg
    'requires_grad',  # of norm_cfg
    'bg_cls_weight',  # of the loss of DETR
    'constructor',  # of optim_wrapper, as is the next
    'paramwise_cfg',
}


def check_config(cfg: Mapping[str, Any]) -> None:
    """Check types, keys and operation names of a config.

    A top-level key is free, as configs may hold helper variables, unless it looks like a known one
    that was mistyped.

    Args:
        cfg: The config as plain dicts and lists.

    Raises:
        UnknownNameError: If a type, an operation or a top-level key is unknown; the nearest is
            offered. If an optimizer or its schedulers are missing.
        InvalidTypeError: If a component does not take a key; the nearest is offered.
        InvalidValueError: If the constructor of the optimizers refuses their configs.
    """
    _check_top_level(cfg)
    check_plain(cfg)
    scope = cfg.get('default_scope') or 'ostrdet'
    for path, node in walk(cfg):
        if not isinstance(node, Mapping):
            continue
        if path[-1].endswith('_dataloader'):
            _check_keys('dataloader', node, LOADER, path)
        home = _registry_of(path)
        if home is not None and isinstance(node.get('type'), str):
            target = _find(home, node['type'], (*path, 'type'), scope)
            _check_keys(node['type'], node, _arguments(target), path)
            check_kinds(target, node, _key(path))
        for (holder, key), registry in NAMES.items():
            if path[-1] == holder:
                _check_names(registry, node.get(key, ()), (*path, key))
    _check_optimizers(cfg)


def _check_top_level(cfg: Mapping[str, Any]) -> None:
    for key in set(cfg) - TOP_LEVEL:
        hint = nearest(key, TOP_LEVEL, cutoff=0.85)
        if hint.startswith('Did you mean'):
            raise UnknownNameError(f"config key '{key}' is unknown. {hint}")


def _registry_of(path: Sequence[str]) -> Registry | None:
    """By the last name on the path, or, for a member of a collection, by that of the collection."""
    *_, above, last = ['', '', *(key for key in path if not key.isdecimal())]
    if (above, last) == ('optim_wrapper', 'optimizer'):  # one optimizer, so no collection
        return REGISTRIES[last]
    if last == 'clip_grad':  # its type is no component
        return None
    if path and path[0] == 'model' and last == 'sampler':  # of boxes, not of images
        return TASK_UTILS
    if last.startswith('loss_'):
        return REGISTRIES['loss']
    return REGISTRIES.get(above if above in COLLECTIONS else last)


def _find(
    home: Registry, name: str, path: Sequence[str], scope: str = 'ostrdet'
) -> Callable[..., Any]:
    """The type ``name``; without a prefix it is sought in the default scope of the config first."""
    if home in OWN_ROOTS:
        return _at(path, lookup, home, name)
    target = None if '.' in name else home.get(f'{scope}.{name}')
    if target is None and path == ('model', 'type') and _is_foreign(name, scope):
        raise UnknownNameError(
            f"default_scope='{scope}', but config key 'model.type': '{name}' is of ostrdet; write "
            f"'ostrdet.{name}', or default_scope='ostrdet'"
        )
    target = home.get(name) if target is None else target
    if target is None:
        raise UnknownNameError(
            f"config key '{_key(path)}': unknown {home.name} '{name}'. {_hint(home, name, scope)}"
        )
    found: Callable[..., Any] = target
    return found


def _is_foreign(name: str, scope: str) -> bool:
    """Whether a model without prefix is ours, and sought elsewhere."""
    return scope != 'ostrdet' and own.MODELS.get(f'ostrdet.{name}') is not None


def _hint(home: Registry, name: str, scope: str) -> str:
    """The nearest name; those of another library are too many to be listed."""
    root = home.parent or home
    library = root.children[scope].module_dict if scope in root.children else {}
    if close := difflib.get_close_matches(name.partition('.')[2] or name, library, n=1):
        return f"Did you mean '{close[0]}'?"
    return nearest(name, [*home.module_dict, *root.module_dict])


def _arguments(target: Callable[..., Any]) -> set[str] | None:
    """What ``target`` takes; through ``**kwargs`` what its base classes take; None is anything.

    Where no base class takes what ``**kwargs`` collects, it goes elsewhere.
    """
    classes = target.__mro__ if inspect.isclass(target) else (target,)
    names: set[str] = set()
    owner: Any = None
    for cls in classes:
        function = vars(cls).get('__init__') if inspect.isclass(cls) else cls
        if function is None:
            continue
        if function is object.__init__:
            # Only torch's modules take keywords for nothing; others hand them on
            return names if owner in (None, nn.Module) else None
        owner = cls
        parameters = inspect.signature(function).parameters.values()
        names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names
    return None


def _check_keys(
    name: str, node: Mapping[str, Any], known: set[str] | None, path: Sequence[str]
) -> None:
    for key in node:
        if known is not None and key not in known | TAKEN:
            shown = known - {'self', 'runner'}
            raise InvalidTypeError(
                f"config key '{_key(path)}.{key}': {name} has no argument '{key}'. "
                f'{nearest(key, shown) if shown else "It takes none."}'
            )


def _check_optimizers(cfg: Mapping[str, Any]) -> None:
    """The constructor checks its own config; mmengine needs schedulers under each of its keys."""
    wrappers = dict(cfg.get('optim_wrapper') or {})
    constructor, paramwise = wrappers.pop('constructor', None), wrappers.pop('paramwise_cfg', None)
    if constructor is None:
        return
    build = _find(own.OPTIM_WRAPPER_CONSTRUCTORS, constructor, ('optim_wrapper', 'constructor'))
    build(wrappers, paramwise)
    schedulers = cfg.get('param_scheduler')
    by_name = isinstance(schedulers, Mapping)
    if schedulers is not None and (not by_name or set(schedulers) != set(wrappers)):
        found = sorted(schedulers) if by_name else 'one list for all'
        raise UnknownNameError(
            f'param_scheduler needs a list, empty for a constant rate, under each of the keys '
            f'{sorted(wrappers)} of optim_wrapper, got {found}'
        )


def _check_names(home: Registry, names: Sequence[str], path: Sequence[str]) -> None:
    for name in names:
        if isinstance(name, str):
            _at(path, lookup, home, name)


def _at(path: Sequence[str], function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    except KeyError as error:
        raise UnknownNameError(f"config key '{_key(path)}': {error.args[0]}") from None


def _key(path: Sequence[str]) -> str:
    return '.'.join(path)
