"""The macro skeleton of a network as plain data: a stem, then cells and fixed blocks in a row."""

from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class FeatureSpec:
    """Channels of a feature map, and its stride with respect to the image in pixels."""

    channels: int
    stride: int


@dataclass(frozen=True)
class StemPlan:
    """The registered stem ``type`` and the feature maps that it hands to the first cell."""

    type: str
    outputs: tuple[FeatureSpec, ...]


@dataclass(frozen=True)
class CellPlan:
    """One cell of the trunk.

    Attributes:
        cell_type: Which cell of the space stands here ('normal', 'reduce', ...).
        inputs: The feature maps that it reads, oldest first.
        channels: Channels of every node.
        stride: Stride of the edges that leave an input node, 1 or 2.
        output: What the cell puts out.
    """

    cell_type: str
    inputs: tuple[FeatureSpec, ...]
    channels: int
    stride: int
    output: FeatureSpec


@dataclass(frozen=True)
class BlockPlan:
    """A fixed block between cells: the registered ``type``, what it reads and what it puts out."""

    type: str
    inputs: tuple[FeatureSpec, ...]
    output: FeatureSpec


@dataclass(frozen=True)
class MacroPlan:
    """A whole trunk.

    Attributes:
        stem: What stands before the first cell.
        layers: Cells and blocks in order.
        tail: Registered type of the layer before global pooling, or None.
        aux_layer: Index of the layer that feeds the auxiliary head, or None.
    """

    stem: StemPlan
    layers: tuple[CellPlan | BlockPlan, ...]
    tail: str | None = None
    aux_layer: int | None = None

    @property
    def output(self) -> FeatureSpec:
        """What the last layer puts out."""
        return self.layers[-1].output

    @property
    def stages(self) -> tuple[tuple[int, ...], ...]:
        """The indices of the layers in runs of equal stride, as backbones count their stages."""
        runs = groupby(range(len(self.layers)), key=lambda index: self.layers[index].output.stride)
        return tuple(tuple(indices) for _, indices in runs)


@dataclass(frozen=True)
class Layout:
    """A published size of the derived network.

    Attributes:
        stem: Registered type of the stem.
        channels: Channels C of the first cells.
        num_cells: Cells in all (DARTS), or cells per stage (NAS-Bench-201).
        num_classes: Classes of the data set.
        image_size: Height and width at which complexity is counted, in pixels.
        aux_pool_stride: Stride of the auxiliary head's pooling; None where there is no such head.
        aux_last_norm: Whether the auxiliary head's last convolution is followed by a BatchNorm.
    """

    stem: str
    channels: int
    num_cells: int
    num_classes: int
    image_size: int
    aux_pool_stride: int | None = None
    aux_last_norm: bool = True
