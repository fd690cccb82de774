"""How much of operation strength is signal, and how much is the noise of the minibatches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import pi, sqrt

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch


@dataclass(frozen=True)
class GradientNoise:
    """Statistics of g = dL/dalpha over minibatches, by cell type, shape (E, O), float64 on the CPU.

    Attributes:
        minibatches: How many there are.
        strength: Mean of abs(g), which is operation strength (Eq. 11).
        signal: Absolute value of the mean of g.
        noise: Standard deviation of g, with n - 1 in the denominator.
    """

    minibatches: int
    strength: Mapping[str, Tensor]
    signal: Mapping[str, Tensor]
    noise: Mapping[str, Tensor]


def gradient_noise(gradients: Iterable[Mapping[str, Tensor]]) -> GradientNoise:
    """The statistics of some gradients.

    Args:
        gradients: dL/dalpha of every minibatch by cell type, shape (E, O) each; two at least.

    Raises:
        InvalidValueError: If there are fewer than two.
    """
    parts = list(gradients)
    if len(parts) < 2:
        raise InvalidValueError(
            f'{len(parts)} minibatches: expected at least 2, to tell their deviation'
        )
    stacked = {
        name: torch.stack([part[name].detach().to('cpu', torch.float64) for part in parts])
        for name in parts[0]
    }
    return GradientNoise(
        len(parts),
        strength={name: grads.abs().mean(dim=0) for name, grads in stacked.items()},
        signal={name: grads.mean(dim=0).abs() for name, grads in stacked.items()},
        noise={name: grads.std(dim=0) for name, grads in stacked.items()},
    )


def alpha_gradients(
    losses: Iterable[Callable[[], Tensor]], alphas: Mapping[str, Tensor]
) -> Iterator[dict[str, Tensor]]:
    """dL/dalpha of every minibatch; nothing is accumulated, and no graph stays.

    Args:
        losses: The loss of every minibatch as a function of ``alphas``.
        alphas: Architecture parameters by cell type, shape (E, O).
    """
    for loss in losses:
        yield dict(zip(alphas, torch.autograd.grad(loss(), [*alphas.values()]), strict=True))


def cut(batches: Sequence[Batch], size: int) -> list[Batch]:
    """The images of some minibatches, in their order, as minibatches of another size.

    Args:
        batches: At least one.
        size: Images of a minibatch; what is left at the end is left out.
    """
    images = torch.cat([batch.images for batch in batches])
    labels = torch.cat([batch.labels for batch in batches])
    starts = range(0, len(labels) - size + 1, size)
    return [Batch(images[at : at + size], labels[at : at + size]) for at in starts]


def normal_strength(signal: Tensor, noise: Tensor) -> Tensor:
    r"""The mean absolute value of a normal distribution: strength, if gradients were normal.

    :math:`\sigma\sqrt{2/\pi}\,e^{-\mu^2/2\sigma^2} + \mu\,\mathrm{erf}(\mu/\sigma\sqrt 2)`: the
    mean where the noise is small, 0.798 of the noise where the mean is.

    Args:
        signal: The absolute mean.
        noise: The standard deviation, same shape; 0 gives the mean.

    Examples:
        >>> normal_strength(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 1.0]))
        tensor([3.0000, 0.7979])
    """
    z = signal / noise
    spread = noise * sqrt(2 / pi) * torch.exp(-z.square() / 2) + signal * torch.erf(z / sqrt(2))
    return torch.where(noise > 0, spread, signal)
