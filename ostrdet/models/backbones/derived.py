"""The network of a genotype: the same skeleton, with the chosen operation on each edge."""

from torch import Tensor, nn

from ostrdet.models.cells import Cell
from ostrdet.models.heads import AuxiliaryHead
from ostrdet.models.ops import build_op
from ostrdet.models.skeleton import Skeleton
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import CellPlan, Edge, Genotype, Layout

AFFINE_NORM = {'type': 'BN'}


def build_derived(
    genotype: Genotype, layout: str, num_classes: int | None = None, aux: bool = False
) -> 'DerivedClassifier':
    """The classifier of a genotype at a published size.

    Args:
        genotype: The chosen cells.
        layout: Name of the size ('cifar10', 'cifar100', 'imagenet', ...), see the space's layouts.
        num_classes: Classes, where they differ from the layout's.
        aux: Whether it has an auxiliary head, where the layout knows one.

    Raises:
        GenotypeError: If the genotype does not belong to its space.
        KeyError: If the layout is unknown; the nearest name is offered.
    """
    size = build_space(genotype.space).layout(layout)
    return DerivedClassifier(genotype, size, num_classes or size.num_classes, aux)


class DerivedClassifier(nn.Module):
    """Skeleton, global average pooling and a linear classifier.

    Args:
        genotype: The chosen cells.
        layout: Stem, width and depth.
        num_classes: Classes.
        aux: Whether to add the auxiliary head.
    """

    def __init__(self, genotype: Genotype, layout: Layout, num_classes: int, aux: bool) -> None:
        super().__init__()
        space = build_space(genotype.space)
        self.skeleton = build_skeleton(genotype, space, layout)
        plan = self.skeleton.plan
        self.classifier = nn.Linear(plan.output.channels, num_classes)
        self.aux_layer, self.aux_head = plan.aux_layer, None
        if aux and plan.aux_layer is not None and layout.aux_pool_stride is not None:
            channels = plan.layers[plan.aux_layer].output.channels
            self.aux_head = AuxiliaryHead(
                channels, num_classes, layout.aux_pool_stride, layout.aux_last_norm
            )

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Logits (N, num_classes); in training with the auxiliary head, its logits as well."""
        auxiliary, features = None, images
        for index, features in enumerate(self.skeleton(images)):
            if self.aux_head is not None and self.training and index == self.aux_layer:
                auxiliary = self.aux_head(features)
        logits = self.classifier(features.mean(dim=(-2, -1)))
        return logits if auxiliary is None else (logits, auxiliary)


def build_skeleton(genotype: Genotype, space: SearchSpace, layout: Layout) -> Skeleton:
    """The trunk of a genotype, with affine BatchNorm and none after pools.

    Raises:
        GenotypeError: If the genotype does not belong to ``space``.
    """
    space.validate(genotype)

    def make_cell(plan: CellPlan) -> Cell:
        spec, cell = space.cells[plan.cell_type], genotype.cells[plan.cell_type]
        chosen = [
            (op, Edge(source, node))
            for node, edges in zip(spec.nodes, cell.nodes, strict=True)
            for op, source in edges
        ]
        return Cell(
            plan,
            spec,
            [edge for _, edge in chosen],
            cell.output,
            lambda index, channels, stride: build_op(
                chosen[index][0], channels, stride, AFFINE_NORM
            ),
            AFFINE_NORM,
        )

    outputs = {name: len(cell.output) for name, cell in genotype.cells.items()}
    return Skeleton(space.plan(layout.stem, layout.channels, layout.num_cells, outputs), make_cell)
