"""The model of a config without a runner, with the weights of a checkpoint."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from ostrdet.datasets.class_names import check_same_classes, saved_classes
from ostrdet.engine.checkpoint import check_state, read_checkpoint
from ostrdet.engine.runner import explained
from ostrdet.errors import InvalidTypeError, InvalidValueError
from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.settings.classes import config_classes
from ostrdet.settings.normalization import normalization
from ostrdet.settings.train import load_config
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures.config_tree import value_at
from ostrdet.structures.genotype_file import to_json
from ostrdet.version import __version__

#: What the names of the weights of an auxiliary head start with.
AUX = 'head.aux.'


def build_model(cfg: Config) -> Any:
    """The model of ``cfg`` in evaluation mode, with weights as they are drawn; none are read.

    Args:
        cfg: A checked config.

    Raises:
        InvalidValueError: If a value in it can't be built from.
    """
    model = deepcopy(cfg.model)
    if cfg.get('data_preprocessor') is not None:  # as the runner does
        model.setdefault('data_preprocessor', deepcopy(cfg.data_preprocessor))
    with explained(cfg), DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        return MODELS.build(model).eval()


def load_trained(
    config: str | Path | Config,
    checkpoint: str | Path,
    genotype: str | Path | None = None,
    cfg_options: Sequence[str] = (),
) -> tuple[Config, nn.Module]:
    """The config, with the genotype in it, and its model with the weights of ``checkpoint``.

    Arguments as in :func:`ostrdet.apis.evaluate.evaluate`.

    Raises:
        FileNotFoundError: If a file is missing.
        KeyError, TypeError: If the config or the genotype is wrong.
        InvalidValueError: The same, or if the checkpoint is damaged, of another architecture or of
            other classes than the config names.
    """
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f"there is no checkpoint '{checkpoint}'")
    cfg = load_config(config, genotype, cfg_options=cfg_options)
    content = read_checkpoint(checkpoint)
    drop_missing_aux(cfg, content['state_dict'])
    model = build_model(cfg)
    saved = _take(model, content, checkpoint)
    check_same_classes(config_classes(cfg), saved, 'the data set of the config', str(checkpoint))
    return cfg, model


def drop_missing_aux(cfg: Config, state: Mapping[str, Tensor]) -> None:
    """Leave the auxiliary head out of ``cfg`` where ``state`` has none, as only training needs it."""
    head = (cfg.get('model') or {}).get('head') or {}
    if head.get('aux') is not None and not any(key.startswith(AUX) for key in state):
        cfg.model.head.aux = None


def load_weights(model: nn.Module, checkpoint: str | Path) -> tuple[str, ...]:
    """Give ``model`` the weights of a checkpoint.

    Returns:
        The names of the classes that it was trained on; none if it does not tell.

    Raises:
        FileNotFoundError: If there is no such file.
        InvalidValueError: If it is damaged or of another architecture.
    """
    return _take(model, read_checkpoint(checkpoint), checkpoint)


def _take(model: nn.Module, content: Mapping[str, Any], checkpoint: str | Path) -> tuple[str, ...]:
    check_state(content['state_dict'], model.state_dict(), checkpoint)
    model.load_state_dict(content['state_dict'])
    return saved_classes(content)


class Logits(nn.Module):
    """The logits of a classifier at test time, without losses, labels and auxiliary head.

    Args:
        classifier: It loses its auxiliary head.

    Raises:
        InvalidTypeError: If it is no ``mmpretrain.ImageClassifier``.
    """

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        if not isinstance(classifier, ImageClassifier):
            raise InvalidTypeError(
                f'model.type={type(classifier).__name__}, expected a classifier; give a config of '
                'configs/retrain, or the one in the work dir of tools/train.py'
            )
        if hasattr(classifier.head, 'aux'):
            classifier.head.aux = None
        self.classifier = classifier
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, num_classes) of normalised images (N, 3, H, W)."""
        logits: Tensor = self.classifier(images, mode='tensor')
        return logits


def lay_out(network: nn.Module, layout: torch.memory_format) -> nn.Module:
    """Lay out the weights of ``network``, and the images that its derived backbones read."""
    for module in network.modules():
        if isinstance(module, DerivedCellBackbone):
            module.memory_format = layout
    return network.to(memory_format=layout)


def image_size(cfg: Config, model: nn.Module) -> tuple[int, int]:
    """Height and width in pixels of the images that a config is tested on.

    That is where the test pipeline crops, else the size of the data set where its config has one,
    else that of the space's layout with this stem, and with as many classes where there is one.

    Raises:
        InvalidValueError: If none of them tells it.
    """
    dataset: Any = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    crops = [step['crop_size'] for step in dataset.get('pipeline', ()) if 'crop_size' in step]
    found = [*crops[-1:], dataset.get('size'), dataset.get('preload_size'), _layout_size(model)]
    size = next((value for value in found if value is not None), None)
    if size is None:
        raise InvalidValueError('the config does not tell the size of its test images; give --size')
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def described(
    cfg: Config, checkpoint: Mapping[str, Any], size: tuple[int, int] | None
) -> dict[str, Any]:
    """What a file with a network tells of it besides: what is known of the following.

    Args:
        cfg: The config, with the genotype in it.
        checkpoint: What was read by :func:`~ostrdet.engine.checkpoint.read_checkpoint`.
        size: Height and width of the images, in pixels.

    Returns:
        ``ostrdet``, the release; ``genotype``, as in its file; ``classes``, their names by label;
        ``size``; ``mean``, ``std`` and ``to_rgb`` of
        :func:`~ostrdet.settings.normalization.normalization`.
    """
    genotype = value_at(cfg.to_dict(), 'model.backbone.genotype')
    told = {
        'ostrdet': __version__,
        'genotype': None if genotype is None else to_json(get_genotype(genotype)),
        'classes': list(saved_classes(checkpoint)) or None,
        'size': None if size is None else list(size),
        **normalization(cfg),
    }
    return {key: value for key, value in told.items() if value is not None}


def random_images(batch_size: int, size: tuple[int, int]) -> Tensor:
    """Images (N, 3, H, W) of normally distributed numbers, as if they had been normalised.

    Raises:
        InvalidValueError: If a number is less than 1.
    """
    if min(batch_size, *size) < 1:
        raise InvalidValueError(
            f'a batch of {batch_size} images of {size[0]}x{size[1]} pixels: expected numbers of at '
            'least 1'
        )
    return torch.randn(batch_size, 3, *size)


def _layout_size(model: Any) -> int | None:
    if not hasattr(model.backbone, 'space'):
        return None
    stem, classes = model.backbone.plan.stem.type, model.head.num_classes
    layouts = [size for size in model.backbone.space.layouts.values() if size.stem == stem]
    layouts.sort(key=lambda size: size.num_classes != classes)
    return layouts[0].image_size if layouts else None
