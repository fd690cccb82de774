"""Heads of derived networks: the classifier, and the auxiliary one."""

from collections.abc import Sequence

from torch import Tensor, nn

from ostrdet.errors import InvalidValueError

POOL = 5


class AuxiliaryHead(nn.Module):
    """ReLU, 5x5 pooling, two convolutions, linear classifier.

    On the reference's sizes the second convolution leaves one pixel; on larger ones its output is
    averaged, so the head takes any features of at least 5 + ``pool_stride`` pixels a side.

    Args:
        in_channels: Channels of the layer that feeds it.
        num_classes: Classes.
        pool_stride: Stride of the pooling: 3 on CIFAR, 2 on ImageNet.
        last_norm: Whether a BatchNorm follows the second convolution; the reference leaves it out
            on ImageNet.
    """

    def __init__(
        self, in_channels: int, num_classes: int, pool_stride: int, last_norm: bool = True
    ) -> None:
        super().__init__()
        self.min_size = POOL + pool_stride
        self.features = nn.Sequential(
            nn.ReLU(),
            nn.AvgPool2d(POOL, stride=pool_stride, count_include_pad=False),
            nn.Conv2d(in_channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.BatchNorm2d(768) if last_norm else nn.Identity(),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(768, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, num_classes) of features (N, C, H, W).

        Raises:
            InvalidValueError: If the features are too small for its pooling.
        """
        if min(x.shape[-2:]) < self.min_size:
            raise InvalidValueError(
                f'the auxiliary head got features of {x.shape[-2]}x{x.shape[-1]} pixels, expected at '
                f'least {self.min_size}x{self.min_size}; give larger images, or set model.head.aux=None'
            )
        return self.classifier(self.features(x).mean(dim=(-2, -1)))


class ClassifierHead(nn.Module):
    """The head of a derived classifier as a plain module.

    Its weights have the names of mmpretrain's linear head, so that one file serves both.

    Args:
        in_channels: Channels of the last features.
        num_classes: Classes.
        aux: The auxiliary head, or None.
    """

    def __init__(self, in_channels: int, num_classes: int, aux: AuxiliaryHead | None) -> None:
        super().__init__()
        self.fc, self.aux = nn.Linear(in_channels, num_classes), aux

    def forward(self, features: Sequence[Tensor]) -> Tensor | tuple[Tensor, Tensor]:
        """Logits (N, num_classes) of the last features (N, C, H, W).

        In training with the auxiliary head also its logits, of the first features.
        """
        logits = self.fc(features[-1].mean(dim=(-2, -1)))
        if self.aux is None or not self.training:
            return logits
        return logits, self.aux(features[0])
