"""Global average pooling and a linear classifier, with the auxiliary head beside it."""

from collections.abc import Sequence

from torch import Tensor, nn

from ostrdet.models.heads.auxiliary import AuxiliaryHead


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
