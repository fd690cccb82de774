"""What the config of a detector takes from its backbone."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.config import Config

from ostrdet.models.backbones import DerivedCellBackbone


def fit_neck(cfg: Config) -> None:
    """Set ``model.neck.in_channels`` to what a derived backbone puts out.

    How wide its feature maps are depends on the genotype and on C, so the config need not say it.

    Raises:
        Exception: As in :class:`~ostrdet.models.backbones.DerivedCellBackbone`.
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
