"""The network of a genotype as a backbone of your own detector, by name and size."""

from collections.abc import Sequence
from typing import Any

from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.networks.size import Source, found_size
from ostrdet.registry import check_arguments


def build_backbone(
    genotype: Source,
    layout: str = 'imagenet',
    out_indices: Sequence[int] = (0, 1, 2),
    *,
    channels: int | None = None,
    num_cells: int | None = None,
    **options: Any,
) -> DerivedCellBackbone:
    """The network of a genotype without its classifier, which puts out one feature map per stage.

    ``backbone(images)`` is a tuple of feature maps, (N, C_i, ceil(H / s_i), ceil(W / s_i)), of images
    (N, 3, H, W); ``backbone.channels`` is the tuple of C_i, ``backbone.strides`` that of s_i.

    Args:
        genotype: Published name, file, text or :class:`~ostrdet.structures.Genotype`.
        layout: Name of the size, see the space's layouts.
        out_indices: Stages whose last feature map is put out; negative ones count from the end.
        channels: Channels C of the first cells, where they differ from the layout's.
        num_cells: Depth, as the space counts it, where it differs from the layout's.
        options: Further arguments of :class:`~ostrdet.models.networks.DerivedCellBackbone`, such as
            ``frozen_stages``.

    Raises:
        FileNotFoundError: If there is no such genotype file.
        GenotypeError: If the genotype does not belong to its space.
        UnknownNameError: If a name is unknown; the nearest is offered.
        InvalidTypeError: If the backbone takes no such option; the nearest is offered.
        InvalidValueError: If a number is out of its range.

    Examples:
        >>> backbone = build_backbone('p-darts', out_indices=(0, 1, 2))
        >>> backbone.channels, backbone.strides
        ((192, 384, 768), (8, 16, 32))
    """
    check_arguments(DerivedCellBackbone, options, 'build_backbone')
    found, size = found_size(genotype, layout, channels, num_cells)
    return DerivedCellBackbone(
        found, size.channels, size.num_cells, size.stem, out_indices=out_indices, **options
    )
