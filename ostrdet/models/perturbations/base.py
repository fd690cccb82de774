"""What a perturbation does to the mix."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from torch import Generator, Tensor, nn

from ostrdet.models.weightings import MixWeights
from ostrdet.structures.progress import Scheduled

#: The cross-entropy, in evaluation mode, of the batch on which the weights take their step.
MixLoss = Callable[[Mapping[str, MixWeights]], Tensor]


class Perturbation(nn.Module, Scheduled, ABC):
    """Changes the weights of operations for the step of the supernet's weights alone.

    The architecture step, its gradients and the validation see the clean mix.
    """

    @abstractmethod
    def forward(
        self, mix: Mapping[str, MixWeights], generator: Generator, loss: MixLoss
    ) -> dict[str, MixWeights]:
        """The mix under which the weights take their step.

        Args:
            mix: The clean one, cut from its graph.
            generator: For draws, of the CPU; in the same state on all processes.
            loss: The loss under a mix, differentiable in it; of the batch of this process.
        """


class Smoothing(Perturbation):
    """A perturbation of bounded size (SmoothDARTS).

    Args:
        epsilon: Largest change of a weight, in [0, 1]: a number, or a schedule such as
            ``dict(type='Linear', start=0.03, end=0.3)``.

    Raises:
        InvalidTypeError: If epsilon is neither.
        InvalidValueError: If it is out of range.
    """

    epsilon: float

    def __init__(self, epsilon: Any) -> None:
        super().__init__()
        self.follow('epsilon', epsilon, 'model.perturbation.epsilon', least=0.0, most=1.0)


def project(weights_EO: Tensor) -> Tensor:
    """The weights, clamped to [0, 1] and divided by their sum (SmoothDARTS).

    A row without a positive weight becomes one-hot at its largest.

    Args:
        weights_EO: Any real numbers, shape (E, O).
    """
    clamped_EO = weights_EO.clamp(0.0, 1.0)
    total_E1 = clamped_EO.sum(dim=-1, keepdim=True)
    largest_EO = weights_EO == weights_EO.amax(dim=-1, keepdim=True)
    first_EO = largest_EO & (largest_EO.cumsum(dim=-1) == 1)
    is_empty_E1 = total_E1 == 0
    scaled_EO = clamped_EO / total_E1.masked_fill(is_empty_E1, 1.0)
    return scaled_EO.where(~is_empty_E1, first_EO.to(weights_EO.dtype))
