"""Parameters and multiply-adds of a detector and of its backbone."""

from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from torch import nn

from ostrdet.apis.load_model import build_model
from ostrdet.models.networks.counting import count_operators, multiply_adds
from ostrdet.settings.train import load_config
from ostrdet.spaces.zoo import zoo_folder

#: Height and width at which each is counted, in pixels.
BACKBONE_SIZE = (224, 224)
DETECTOR_SIZE = (800, 1333)


@dataclass(frozen=True)
class DetectorComplexity:
    """The size of a detector; multiply-adds are those of convolutions and linear layers.

    Attributes:
        backbone_params: Parameters of the backbone, which has no classifier.
        backbone_macs: Its multiply-adds for one image of 224x224 pixels.
        detector_params: Parameters of backbone, neck and head.
        detector_macs: Their multiply-adds for one image of 800x1333 pixels, without the choice of
            boxes.
    """

    backbone_params: int
    backbone_macs: int
    detector_params: int
    detector_macs: int


def detector_complexity(
    genotype: str | Path | None = None, config: str | Path | Config | None = None
) -> DetectorComplexity:
    """Count the detector of a config; weights are neither drawn nor read.

    Args:
        genotype: Published name, file or text, instead of the config's.
        config: A config of a detector, or its file; RetinaNet at the size of the paper if None.

    Raises:
        Exception: As in :func:`ostrdet.apis.train.build_training`.
    """
    default = zoo_folder().parent / '_base_' / 'detectors' / 'retinanet_1x.py'
    cfg = load_config(default if config is None else config, genotype)
    with torch.device('meta'):
        detector = build_model(cfg)
    detector.to_empty(device='cpu').eval()  # a trace needs real memory
    return DetectorComplexity(
        *_count(detector.backbone, BACKBONE_SIZE), *_count(detector, DETECTOR_SIZE)
    )


def _count(network: nn.Module, size: tuple[int, int]) -> tuple[int, int]:
    params = sum(parameter.numel() for parameter in network.parameters())
    return params, multiply_adds(count_operators(network, *size))
