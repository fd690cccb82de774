"""The config of a training or a test, of a detector too: read, overridden, and checked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from ostrdet.errors import UnknownNameError
from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.settings.load import check, check_autocast, read_config, set_common
from ostrdet.spaces.zoo import get_genotype

#: What a test takes from the validation where the config has nothing of its own.
SHARED = ('dataloader', 'evaluator')
#: The key that tells the console which genotype is trained, and why.
ORIGIN = 'genotype_from'
#: Letters of a genotype's name or path; longer ones are texts.
LONGEST = 100


def fit_neck(cfg: Config) -> None:
    """Set ``model.neck.in_channels`` to what a derived backbone puts out.

    How wide its feature maps are depends on the genotype and on C, so the config need not say it.

    Raises:
        Exception: As in :class:`~ostrdet.models.networks.DerivedCellBackbone`.
    """
    model: Any = cfg.get('model') or {}
    neck, backbone = model.get('neck'), model.get('backbone') or {}
    if not isinstance(neck, Mapping) or 'in_channels' not in neck or 'genotype' not in backbone:
        return
    model.neck.in_channels = [feature.channels for feature in out_features(backbone)]


def out_features(backbone: Mapping[str, Any]) -> Any:
    """Channels and strides of the feature maps of the config ``backbone``; no weight is drawn."""
    options = {key: value for key, value in backbone.items() if key not in ('type', 'init_cfg')}
    with torch.device('meta'):
        return DerivedCellBackbone(**options).out_features


def load_config(
    config: str | Path | Config,
    genotype: str | Path | None = None,
    work_dir: str | Path | None = None,
    seed: int | None = None,
    data_root: str | Path | None = None,
    amp: str | None = None,
    auto_scale_lr: bool = False,
    cfg_options: Sequence[str] = (),
    threads: str | int | None = None,
) -> Config:
    """A checked config of its own; arguments as in :func:`ostrdet.apis.train.build_training`.

    The genotype is written into the config, so that the work dir can be moved, and a published name
    may change its meaning, without changing what was trained.

    Raises:
        FileNotFoundError: If there is no such file.
        KeyError, TypeError, ValueError: If the config or an override is wrong; the message names
            the key.
    """
    cfg = read_config(config, cfg_options)
    name = Path(cfg.filename or 'training').stem
    if genotype is not None:
        name += f'_{_label(genotype)}'
    _set_genotype(cfg, genotype)
    fit_neck(cfg)
    for part in SHARED:
        if cfg.get(f'test_{part}') is None and cfg.get(f'val_{part}') is not None:
            cfg[f'test_{part}'] = cfg[f'val_{part}']
    if cfg.get('test_cfg') is None and cfg.get('val_cfg') is not None:
        cfg.test_cfg = {'type': 'TestLoop'}
    set_common(cfg, name, work_dir, seed, data_root, threads)
    if amp is not None:
        _set_amp(cfg, amp)
    if auto_scale_lr:
        if not cfg.get('auto_scale_lr'):
            raise UnknownNameError(
                '--auto-scale-lr: the config has no auto_scale_lr.base_batch_size'
            )
        cfg.auto_scale_lr.enable = True
    check(cfg)
    return cfg


def _set_genotype(cfg: Config, genotype: str | Path | None) -> None:
    backbone = cfg.get('model', {}).get('backbone', {})
    if genotype is None and 'genotype' not in backbone:
        return
    if 'genotype' not in backbone:
        raise UnknownNameError(
            '--genotype: model.backbone of the config takes none; give a config of a derived network'
        )
    own = backbone.genotype
    cfg[ORIGIN] = _why(own, genotype)
    backbone.genotype = get_genotype(own if genotype is None else genotype).to_dict()


def _why(own: Any, given: str | Path | None) -> str:
    """Which genotype is trained, and why that one."""
    if given is None:
        name = own if isinstance(own, str) and len(own) <= LONGEST else 'its own cell'
        return f'{name}, as the config has it and --genotype was not given'
    return f'{given if len(str(given)) <= LONGEST else "a text"}, given by --genotype'


def _label(genotype: str | Path) -> str:
    """A name for the work dir: that of the genotype, of its file, or of the folder of the search."""
    path = Path(genotype)
    if path.suffix == '.json':
        return path.resolve().parent.name if path.stem == 'genotype' else path.stem
    return path.name if path.name.replace('_', '').replace('-', '').isalnum() else 'own-cell'


def _set_amp(cfg: Config, dtype: str) -> None:
    check_autocast(dtype)
    wrapper = {'bfloat16': 'ostrdet.BFloat16OptimWrapper', 'float16': 'AmpOptimWrapper'}[dtype]
    cfg.merge_from_dict({'optim_wrapper.type': wrapper})
