"""A candidate as a row of layers that ends in a normalisation which can be folded."""

from typing import Any

from torch import Tensor, nn

from ostrdet.kernels.batch_norm import Centred, centre, is_plain_norm
from ostrdet.kernels.folding import Folded
from ostrdet.models.fast.source import Source
from ostrdet.models.ops import DepthwiseConv2d

LAYERS = (nn.ReLU, nn.Conv2d, DepthwiseConv2d, nn.BatchNorm2d)


def is_branch(layers: list[nn.Module]) -> bool:
    """Whether ``layers`` are known, do not change what they read, and end as a branch must."""
    known = all(type(layer) in LAYERS for layer in layers)
    return known and len(layers) > 1 and is_plain_norm(layers[-1])


class Branch:
    """A candidate between two stops; every stop is a normalisation that can be folded.

    Args:
        weight: Index of its weight.
        layers: See :func:`is_branch`.
        source: What it reads.

    Attributes:
        x: What it has computed so far.
        in_phases: Whether ``x`` is made of the phases of the images.
        at_start: Whether ``x`` is still the ReLU that all edges of the source share.
        after_conv: Whether a convolution has just put out ``x``, so that nobody else reads it.
    """

    def __init__(self, weight: int, layers: list[Any], source: Source) -> None:
        self.weight, self.layers, self.source = weight, layers, source
        self.in_phases = False
        self._set(source.state, after_conv=False)
        if type(layers[0]) is nn.ReLU:
            self.x, self.layers, self.at_start = source.relu, layers[1:], True
            self._read_shared_phases()

    @property
    def width(self) -> int:
        """Channels that the next stop puts out."""
        layer = self.layers[0]
        return int(layer.out_channels if isinstance(layer, nn.Conv2d) else layer.num_features)

    @property
    def is_last(self) -> bool:
        """Whether the next stop ends the branch; if not, a ReLU follows it."""
        return len(self.layers) == _num_folded(self.layers)

    def advance(self) -> None:
        """Run up to the next stop."""
        while not self._stops():
            layer, *self.layers = self.layers
            self._set(layer(self.x), after_conv=isinstance(layer, nn.Conv2d))

    def stop(self) -> Folded:
        """What is folded here; the branch goes on behind it."""
        count = _num_folded(self.layers)
        *conv, norm = self.layers[:count]
        self.layers = self.layers[count:]
        return Folded(self._centred(), conv[0].weight if conv else None, norm)

    def go_on(self, x: Tensor) -> None:
        """Take ``x`` as the output of the stop and of the ReLU behind it."""
        self.layers = self.layers[1:]
        self._set(x, after_conv=False)

    def _set(self, x: Tensor, after_conv: bool) -> None:
        self.x, self.after_conv, self.at_start = x, after_conv, False

    def _centred(self) -> Centred:
        if self.at_start:
            return self.source.centred_relu
        return centre(self.x, in_place=self.after_conv)

    def _stops(self) -> bool:
        count = _num_folded(self.layers)
        return count > 0 and (len(self.layers) == count or type(self.layers[count]) is nn.ReLU)

    def _read_shared_phases(self) -> None:
        conv, rest = self.layers[0], self.layers[1:]
        if not (isinstance(conv, DepthwiseConv2d) and conv.splits(self.x)):
            return
        if conv.stride == (2, 2):
            self.layers = rest
            self._set(conv.on_phases(self.source.even_phase), after_conv=True)
        # What is left looks at single pixels, so the sum over branches is merged, not each of them
        elif self.x.shape[-2] % 2 == self.x.shape[-1] % 2 == 0 and len(rest) == _num_folded(rest):
            self.layers, self.in_phases = rest, True
            self._set(conv.on_phases(self.source.phases), after_conv=True)


def _num_folded(layers: list[nn.Module]) -> int:
    """How many of the first layers one stop folds: a normalisation, alone or after a convolution."""
    if is_plain_norm(layers[0]):
        return 1
    return 2 if len(layers) > 1 and _is_pointwise(layers[0]) and is_plain_norm(layers[1]) else 0


def _is_pointwise(conv: nn.Module) -> bool:
    return (
        isinstance(conv, nn.Conv2d)
        and (conv.kernel_size, conv.stride, conv.padding) == ((1, 1), (1, 1), (0, 0))
        and conv.groups == 1
        and conv.bias is None
    )
