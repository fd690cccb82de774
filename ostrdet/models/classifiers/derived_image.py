"""mmpretrain's image classifier, whose head fits the backbone."""

from collections.abc import Mapping
from typing import Any

from mmpretrain.models import ImageClassifier

from ostrdet.registry import MODELS


@MODELS.register_module()
class DerivedImageClassifier(ImageClassifier):
    """``mmpretrain.ImageClassifier`` around a derived network.

    How wide the features are depends on the genotype, so the head's ``in_channels``, and those of
    its auxiliary head, are taken from the backbone; the rest is mmpretrain's.

    Args:
        backbone: Config of a :class:`~ostrdet.models.backbones.DerivedCellBackbone`.
        head: Config of an :class:`~ostrdet.models.classifiers.AuxiliaryClsHead`.
        kwargs: Other arguments of ``mmpretrain.ImageClassifier``.

    Raises:
        ValueError: If the head has an auxiliary one, but the plan of the space has no place for it.
    """

    def __init__(self, backbone: Mapping[str, Any], head: Mapping[str, Any], **kwargs: Any) -> None:
        trunk = MODELS.build({**backbone, 'aux_feature': head.get('aux') is not None})
        head = {'in_channels': trunk.out_features[-1].channels, **head}
        if head.get('aux') is not None:
            if trunk.aux_layer is None:
                space = type(trunk.space).__name__
                raise ValueError(f'{space} has no auxiliary head; set model.head.aux=None')
            feature = trunk.plan.layers[trunk.aux_layer].output
            head['aux'] = {'in_channels': feature.channels, **head['aux']}
        super().__init__(backbone=trunk, head=head, **kwargs)
