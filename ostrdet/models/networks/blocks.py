"""The fixed parts between and around the cells: stems, reductions, tails; with affine BatchNorm."""

import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.ops import norm, relu_conv_norm
from ostrdet.registry import MODELS
from ostrdet.structures import BlockPlan, FeatureSpec, StemPlan

FIXED_NORM = {'type': 'BN'}


@MODELS.register_module()
class CIFARStem(nn.Module):
    """3x3 convolution and BatchNorm at full size, handed over as every state of the plan."""

    def __init__(self, plan: StemPlan) -> None:
        super().__init__()
        self.num_states, channels = len(plan.outputs), plan.outputs[0].channels
        self.conv = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.norm = norm(FIXED_NORM, channels)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Map images (N, 3, H, W) to the states (N, C, H, W)."""
        return (self.norm(self.conv(images)),) * self.num_states


@MODELS.register_module(name=['ImageNetStem', 'ImageNetSearchStem'])
class ImageNetStem(nn.Module):
    """Three 3x3 convolutions of stride 2; the states have strides 4 and 8.

    ``ImageNetSearchStem`` is the same with the width that its plan gives it.
    """

    def __init__(self, plan: StemPlan) -> None:
        super().__init__()
        channels = plan.outputs[0].channels
        self.stem0 = nn.Sequential(
            nn.Conv2d(3, channels // 2, 3, stride=2, padding=1, bias=False),
            norm(FIXED_NORM, channels // 2),
            nn.ReLU(),
            nn.Conv2d(channels // 2, channels, 3, stride=2, padding=1, bias=False),
            norm(FIXED_NORM, channels),
        )
        self.stem1 = relu_conv_norm(channels, channels, 3, 2, 1, FIXED_NORM)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Map images (N, 3, H, W) to the two states."""
        state = self.stem0(images)
        return state, self.stem1(state)


@MODELS.register_module()
class ResidualReduction(nn.Module):
    """The residual block of stride 2 between the stages of NAS-Bench-201."""

    def __init__(self, plan: BlockPlan) -> None:
        super().__init__()
        before, after = plan.inputs[-1].channels, plan.output.channels
        self.conv_a = relu_conv_norm(before, after, 3, 2, 1, FIXED_NORM)
        self.conv_b = relu_conv_norm(after, after, 3, 1, 1, FIXED_NORM)
        self.shortcut = nn.Conv2d(before, after, 1, bias=False)

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Map the newest state (N, C, H, W) to (N, C', ceil(H/2), ceil(W/2))."""
        x = inputs[-1]
        pooled = F.avg_pool2d(x, 2, 2, ceil_mode=True)
        return self.shortcut(pooled) + self.conv_b(self.conv_a(x))


@MODELS.register_module()
class NormAct(nn.Sequential):
    """BatchNorm and ReLU before the global pooling of NAS-Bench-201."""

    def __init__(self, state: FeatureSpec) -> None:
        super().__init__(norm(FIXED_NORM, state.channels), nn.ReLU())
