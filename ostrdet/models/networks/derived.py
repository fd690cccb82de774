"""The classifier of a genotype as a plain module, usable without a runner."""

from torch import Tensor, nn

from ostrdet.models.networks.derived_cell import DerivedCellBackbone
from ostrdet.models.networks.heads import AuxiliaryHead, ClassifierHead
from ostrdet.structures import Genotype, Layout


class DerivedClassifier(nn.Module):
    """Backbone, global average pooling and a linear classifier.

    Its weights have the names of the classifier that ``tools/train.py`` trains.

    Args:
        genotype: The chosen cells.
        layout: Stem, width and depth.
        num_classes: Classes.
        aux: Whether to add the auxiliary head.
    """

    def __init__(self, genotype: Genotype, layout: Layout, num_classes: int, aux: bool) -> None:
        super().__init__()
        aux = aux and layout.aux_pool_stride is not None
        self.backbone = DerivedCellBackbone(
            genotype, layout.channels, layout.num_cells, layout.stem, aux_feature=aux
        )
        plan = self.backbone.plan
        aux_head = None
        if aux and plan.aux_layer is not None and layout.aux_pool_stride is not None:
            channels = plan.layers[plan.aux_layer].output.channels
            aux_head = AuxiliaryHead(
                channels, num_classes, layout.aux_pool_stride, layout.aux_last_norm
            )
        self.head = ClassifierHead(plan.output.channels, num_classes, aux_head)

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Logits (N, num_classes); in training with the auxiliary head, its logits as well."""
        return self.head(self.backbone(images))
