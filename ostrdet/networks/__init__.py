"""Networks by name and size, without a config or a runner."""

from ostrdet.networks.backbone import build_backbone
from ostrdet.networks.classifier import build_derived

__all__ = ['build_backbone', 'build_derived']
