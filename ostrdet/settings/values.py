"""Checks the values of a config that every kind of run shares, before anything is built."""

import logging
import math
import multiprocessing
import re
from collections.abc import Mapping
from typing import Any

from mmengine.runner import Priority

from ostrdet.errors import InvalidValueError
from ostrdet.settings.rules import (
    THREADS,
    Rule,
    are_counts,
    at_least,
    components,
    is_number,
    not_negative,
    numbers,
    one_of,
    switches,
)
from ostrdet.structures.config_tree import walk
from ostrdet.structures.integers import is_integer

#: Hooks that mmengine adds by itself, and leaves out where the config says None.
STOCK_HOOKS = {
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
}
#: Options of mmengine's hook under which ``--resume`` would not find what it saved, and the mend.
UNFOUND = {
    'filename_tmpl': 'None, as the names of checkpoints say how far the run was',
    'out_dir': 'None, as checkpoints are sought in the work dir; give another --work-dir',
    'backend_args': 'None, as checkpoints are local files',
    'file_client_args': 'None, as checkpoints are local files',
}
TRAINING = ('train_dataloader', 'train_cfg', 'optim_wrapper')
#: Processes of a loader; a system that starts many more is lost.
MOST_WORKERS = 1024
#: Optimizers that the loop of a training can't step.
UNUSABLE = ('LBFGS', 'SparseAdam')
#: What ``torch.compile`` takes but for ``options``, which name a compiler to run.
COMPILE = {'backend', 'mode', 'fullgraph', 'dynamic', 'disable'}


RULES = (
    *components('model', 'model.backbone', 'model.supernet', '*_dataloader.**.dataset'),
    *components('*_dataloader.**.datasets.#', '*_dataloader.**.pipeline.#', '*_evaluator.#'),
    *components('optim_wrapper.**.optimizer', 'custom_hooks.#', 'param_scheduler.#'),
    *components('param_scheduler.weights.#', 'param_scheduler.arch.#'),
    *at_least(1, '*_dataloader.batch_size'),
    Rule(
        '*_dataloader.num_workers',
        lambda v: is_integer(v) and 0 <= v <= MOST_WORKERS,
        f'an integer, at least 0 and at most {MOST_WORKERS}',
    ),
    *(
        Rule(
            f'*_dataloader.{key}',
            lambda v: v is None or callable(v) or (isinstance(v, Mapping) and 'type' in v),
            "None, or a dict with the key 'type'",
        )
        for key in ('collate_fn', 'worker_init_fn', 'sampler', 'batch_sampler')
    ),
    *at_least(1, '*_dataloader.num_batch_per_epoch', none=True),
    Rule(
        'model.backbone.genotype',
        lambda v: v is None or isinstance(v, str | Mapping),
        'a published name, a file, or a text in quotes',
    ),
    *at_least(1, 'train_cfg.max_epochs', 'train_cfg.max_iters'),
    *at_least(1, 'train_cfg.val_begin', 'train_cfg.val_interval', 'train_cfg.arch_interval'),
    *at_least(0, 'train_cfg.arch_start_epoch', 'train_cfg.split_seed'),
    *at_least(1, 'model.**.num_classes', 'model.*.channels', 'model.**.space.num_*'),
    *at_least(1, 'model.*.num_cells', none=True),
    *at_least(1, '*_dataloader.**.preload_size', '*_dataloader.dataset.size', none=True),
    *not_negative('optim_wrapper.**.optimizer.lr', 'optim_wrapper.**.optimizer.weight_decay'),
    Rule(
        'optim_wrapper.**.optimizer.momentum',
        lambda v: is_number(v) and 0 <= v < 1,
        'a number in [0, 1)',
    ),
    Rule(
        'optim_wrapper.**.optimizer.type',
        lambda v: str(v).rpartition('.')[2] not in UNUSABLE,
        'an optimizer of dense gradients that needs no closure, such as SGD or AdamW',
    ),
    Rule(
        'optim_wrapper.**.optimizer.betas',
        lambda v: (
            isinstance(v, list | tuple)
            and len(v) == 2
            and all(is_number(beta) and 0 <= beta < 1 for beta in v)
        ),
        'two numbers in [0, 1)',
    ),
    Rule(
        'optim_wrapper.**.clip_grad',
        lambda v: v is None or (isinstance(v, Mapping) and bool(v)),
        'None, or a dict such as dict(max_norm=5)',
    ),
    Rule(
        'optim_wrapper.**.clip_grad.max_norm', lambda v: is_number(v) and v > 0, 'a number above 0'
    ),
    Rule(
        'optim_wrapper.**.clip_grad.clip_value',
        lambda v: is_number(v) and v > 0,
        'a number above 0',
    ),
    Rule(
        'optim_wrapper.**.clip_grad.norm_type',
        lambda v: v == math.inf or (is_number(v) and v > 0),
        'a number above 0, or inf',
    ),
    *at_least(1, 'optim_wrapper.**.accumulative_counts'),
    *at_least(1, 'param_scheduler.**.T_max', none=True),
    *at_least(0, 'param_scheduler.**.begin'),
    *at_least(1, 'param_scheduler.**.step_size'),
    *numbers('param_scheduler.**.gamma', 'param_scheduler.**.power', 'param_scheduler.**.eta_min'),
    *numbers('param_scheduler.**.factor', 'param_scheduler.**.end_factor'),
    *switches('param_scheduler.**.by_epoch', 'param_scheduler.**.convert_to_iter_based'),
    Rule(
        'param_scheduler.**.milestones',
        lambda v: are_counts(v, least=0),
        'a list of integers, at least 0',
    ),
    Rule(
        '*_evaluator.**.topk',
        lambda v: (is_integer(v) and v >= 1) or (bool(v) and are_counts(v, least=1)),
        'an integer, at least 1, or a list of them',
    ),
    Rule(
        'param_scheduler.**.start_factor',
        lambda v: is_number(v) and 0 < v <= 1,
        'a number in (0, 1], as the schedule divides by it',
    ),
    *(
        Rule(
            f'{hooks}.*.priority',
            lambda v: (is_integer(v) and 0 <= v <= 100) or v in Priority.__members__,
            f'0 to 100, or one of {", ".join(Priority.__members__)}',
        )
        for hooks in ('default_hooks', 'custom_hooks')
    ),
    Rule(
        'default_hooks.checkpoint.interval',
        lambda v: is_integer(v) and (v >= 1 or v == -1),
        'a number of epochs (with by_epoch=False of iterations), at least 1, or -1 for no checkpoints',
    ),
    *at_least(1, 'default_hooks.logger.interval'),
    *(
        Rule(
            f'{hook}.interval',  # those of ours check it themselves
            lambda v: is_integer(v) and (v >= 1 or v == -1),
            'a number of epochs or iterations, at least 1, or -1 for never',
        )
        for hook in ('default_hooks.visualization', 'custom_hooks.#')
    ),
    Rule(
        'custom_hooks',
        lambda v: v is None or isinstance(v, list | tuple),
        'a list of dicts, or None',
    ),
    Rule(
        'model.**.init_cfg',
        lambda v: v is None or isinstance(v, Mapping | list | tuple),
        "None, or a dict with the key 'type'",
    ),
    Rule('sync_bn', lambda v: v in (None, 'torch', 'mmcv'), "None, 'torch' or 'mmcv'"),
    *not_negative('optim_wrapper.**.paramwise_cfg.*_mult'),
    *not_negative('optim_wrapper.**.custom_keys.**.*_mult'),
    Rule(
        'auto_scale_lr.base_batch_size',
        lambda v: is_integer(v) and v >= 1,
        'an integer, at least 1: the batch over all processes that the rate is for',
    ),
    Rule(
        'compile',
        lambda v: isinstance(v, bool) or (isinstance(v, Mapping) and set(v) <= COMPILE),
        f'True, False, or a dict with some of the keys {", ".join(sorted(COMPILE))}',
    ),
    # Code that comes with weights
    Rule('**.trust_remote_code', lambda v: v is False, 'False'),
    *switches('**.find_unused_parameters', 'resume', 'resume_anyway', 'auto_scale_lr.enable'),
    Rule('model_wrapper_cfg', lambda v: v is None or isinstance(v, Mapping), 'None or a dict'),
    one_of('env_cfg.mp_cfg.mp_start_method', *multiprocessing.get_all_start_methods()),
    one_of('launcher', 'none', 'pytorch', 'slurm', 'mpi'),
    one_of('log_level', *logging.getLevelNamesMapping()),
    *at_least(1, 'env_cfg.resource_limit'),
    *at_least(0, 'env_cfg.mp_cfg.opencv_num_threads'),
    THREADS,
)


def check_values(cfg: Mapping[str, Any]) -> None:
    """Check the values for which there is a rule.

    Args:
        cfg: The config as plain dicts and lists.

    Raises:
        InvalidValueError: If a value is not what it must be, or only some of the keys of a training
            are there.
    """
    _check_parts(cfg)
    _check_checkpoint_hooks(cfg)
    for name in ('train', 'val', 'test'):
        loader = cfg.get(f'{name}_dataloader') or {}
        if loader.get('timeout') and not loader.get('num_workers'):
            raise InvalidValueError(
                f'{name}_dataloader.timeout={loader["timeout"]}, expected 0 with num_workers=0, as '
                'there is no worker to wait for'
            )
    for keys, value in walk(cfg):
        key = '.'.join(keys)
        for pattern, rule in _COMPILED:
            if pattern.fullmatch(key) and not rule.holds(value):
                raise InvalidValueError(f'{key}={_short(value)}, expected {rule.expected}')


def _check_parts(cfg: Mapping[str, Any]) -> None:
    if cfg.get('model') is None:
        raise InvalidValueError("the config has no model; take one of configs/ as its '_base_'")
    there = [key for key in TRAINING if cfg.get(key) is not None]
    if there and len(there) < len(TRAINING):
        (lost, *_) = (key for key in TRAINING if key not in there)
        raise InvalidValueError(
            f'{lost}=None, expected a dict, since {" and ".join(there)} are set; a training needs '
            f'{", ".join(TRAINING)}'
        )
    for name, hook in (cfg.get('default_hooks') or {}).items():
        if not (isinstance(hook, Mapping) and 'type' in hook) and not (
            hook is None and name in STOCK_HOOKS
        ):
            raise InvalidValueError(
                f"default_hooks.{name}={_short(hook)}, expected a dict with the key 'type'"
            )


def _check_checkpoint_hooks(cfg: Mapping[str, Any]) -> None:
    """Check that a run can be gone on with from what its hooks save."""
    for keys, hook in walk(cfg):
        key = '.'.join(keys)
        name = hook.get('type') if isinstance(hook, Mapping) and key.count('_hooks.') else None
        kind = str(name).rpartition('.')[2]
        if kind not in ('CheckpointHook', 'SafeCheckpointHook'):
            continue
        for option, expected in UNFOUND.items():
            if hook.get(option) is not None:
                raise InvalidValueError(
                    f'{key}.{option}={_short(hook[option])}, expected {expected}'
                )
        if kind == 'CheckpointHook' and hook.get('by_epoch') is False:
            raise InvalidValueError(
                f"{key}.type='{name}', expected 'ostrdet.SafeCheckpointHook' beside by_epoch=False, "
                'since --resume does not know the names that the other gives'
            )


def _compile(keys: str) -> re.Pattern[str]:
    parts = {r'\*\*\.': r'(?:.+\.)?', r'\*': r'[^.]+', r'\#': r'\d+'}
    return re.compile(re.sub(r'\\\*\\\*\\\.|\\\*|\\#', lambda m: parts[m[0]], re.escape(keys)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'


_COMPILED = [(_compile(rule.keys), rule) for rule in RULES]
