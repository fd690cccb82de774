"""mmpretrain's classifier around derived networks, and its head with an auxiliary one.

It needs mmpretrain, which takes seconds to import, so ``ostrdet.models`` does not import it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmpretrain.models import ImageClassifier, LinearClsHead
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.networks import AuxiliaryHead
from ostrdet.registry import MODELS


@MODELS.register_module()
class AuxiliaryClsHead(LinearClsHead):
    """A classifier at the end and, in training, one at two thirds of the depth.

    Both have the same loss (Szegedy et al., CVPR 2015); the auxiliary one is off at test time.
    Torch's own initialisation stays, as in the reference.

    Args:
        num_classes: Classes.
        in_channels: Channels of the last features.
        aux: Arguments of :class:`~ostrdet.models.networks.AuxiliaryHead` besides ``num_classes``; None
            for none.
        aux_weight: Weight of the auxiliary loss, at least 0.
        init_cfg: As in mmpretrain.
        kwargs: Arguments of mmpretrain's ``ClsHead``: ``loss``, ``topk``, ``cal_acc``.

    Raises:
        InvalidValueError: If ``aux_weight`` is negative.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        aux: Mapping[str, Any] | None = None,
        aux_weight: float = 0.4,
        init_cfg: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **kwargs)
        if aux_weight < 0:
            raise InvalidValueError(f'model.head.aux_weight={aux_weight}, expected at least 0')
        self.aux = None if aux is None else AuxiliaryHead(num_classes=num_classes, **aux)
        self.aux_weight = aux_weight

    def pre_logits(self, feats: Sequence[Tensor]) -> Tensor:
        """Global average (N, C) of the last features (N, C, H, W)."""
        return feats[-1].mean(dim=(-2, -1))

    def loss(
        self, feats: Sequence[Tensor], data_samples: list[Any], **kwargs: Any
    ) -> dict[str, Tensor]:
        """The losses by name; their sum is what is trained.

        Args:
            feats: Feature maps; with an auxiliary head the first is its own.
            data_samples: Labels, as in mmpretrain.
            kwargs: Passed to the loss.
        """
        losses: dict[str, Tensor] = super().loss(feats, data_samples, **kwargs)
        if self.aux is not None and self.training:
            auxiliary = self._get_loss(self.aux(feats[0]), data_samples, **kwargs)['loss']
            # The sum is logged as 'loss', so the parts have other names
            losses['loss_cls'] = losses.pop('loss')
            losses['loss_aux'] = self.aux_weight * auxiliary
        return losses


@MODELS.register_module()
class DerivedImageClassifier(ImageClassifier):
    """``mmpretrain.ImageClassifier`` around a derived network.

    How wide the features are depends on the genotype, so the head's ``in_channels``, and those of
    its auxiliary head, are taken from the backbone; the rest is mmpretrain's.

    Args:
        backbone: Config of a :class:`~ostrdet.models.networks.DerivedCellBackbone`.
        head: Config of an :class:`~ostrdet.models.mmpretrain_classifier.AuxiliaryClsHead`.
        kwargs: Other arguments of ``mmpretrain.ImageClassifier``.

    Raises:
        InvalidValueError: If the head has an auxiliary one, but the plan of the space has no place
            for it.
    """

    def __init__(self, backbone: Mapping[str, Any], head: Mapping[str, Any], **kwargs: Any) -> None:
        trunk = MODELS.build({**backbone, 'aux_feature': head.get('aux') is not None})
        head = {'in_channels': trunk.out_features[-1].channels, **head}
        if head.get('aux') is not None:
            if trunk.aux_layer is None:
                space = type(trunk.space).__name__
                raise InvalidValueError(f'{space} has no auxiliary head; set model.head.aux=None')
            feature = trunk.plan.layers[trunk.aux_layer].output
            head['aux'] = {'in_channels': feature.channels, **head['aux']}
        super().__init__(backbone=trunk, head=head, **kwargs)
