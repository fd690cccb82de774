"""What every training-free score offers: a number of a network and one batch, without a trace."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError


@dataclass(frozen=True)
class Batch:
    """The one batch that a network is scored on.

    Attributes:
        images: Normalised, shape (N, 3, H, W).
        labels: int64, shape (N,); None where the images have none.
    """

    images: Tensor
    labels: Tensor | None = None

    def first(self, number: int) -> 'Batch':
        """Its first images, at most ``number``."""
        return Batch(self.images[:number], None if self.labels is None else self.labels[:number])


class Gradients(NamedTuple):
    """Weights of convolutions and linear layers, and dL/dW of each."""

    weights: list[Tensor]
    grads: list[Tensor]


class Proxy(ABC):
    """The worth of a network at initialisation; a higher score is better.

    A score that depends on draws takes them from ``seed``. Network, generators and the batch stay as
    they are: what is scored is a copy, in training mode, whose norms take the statistics of the batch.
    A network whose output does not depend on the image has the score minus infinity where a logarithm
    says so, and ranks last.

    Attributes:
        meaning: What the score measures, as the half of a sentence that tables print.
        needs_labels: Whether it needs the classes of the images.
        batch_size: Images that it reads at most; the first ones of the batch.
    """

    meaning = ''
    needs_labels = False
    batch_size = 64

    def __call__(self, network: nn.Module, batch: Batch, seed: int = 0) -> float:
        """The score of ``network``.

        Args:
            network: Maps images to logits (N, C).
            batch: At least one image; the device and precision of the network.
            seed: Of what the score draws.

        Raises:
            InvalidValueError: If the score needs labels, and the batch has none.
        """
        self.check(batch)
        with own_generators(batch.images.device, seed):
            found = self.score(deepcopy(network).train(), batch.first(self.batch_size))
            return float(torch.as_tensor(found).detach())

    def check(self, batch: Batch, name: str = '') -> None:
        """Check that ``batch`` has what the score needs.

        Args:
            batch: What is scored on.
            name: What the message calls the score.

        Raises:
            InvalidValueError: If it needs labels, and the batch has none.
        """
        if self.needs_labels and batch.labels is None:
            raise InvalidValueError(
                f"the score '{name or type(self).__name__}' needs the labels of its images, and the batch "
                'has none; give images with labels by --config CONFIG, or choose another score'
            )

    @abstractmethod
    def score(self, network: nn.Module, batch: Batch) -> float | Tensor:
        """The score; ``network`` may be changed, and draws come from the global generators."""


@contextmanager
def own_generators(device: torch.device, seed: int) -> Iterator[None]:
    """Draws of torch by ``seed``, on the CPU and on ``device``; the generators are then as they were."""
    devices = [device.index or 0] if device.type == 'cuda' else []
    with torch.random.fork_rng(devices):
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.default_generators[devices[0]].manual_seed(seed)
        yield


def weighted_layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Convolutions and linear layers whose weight learns, in the order of the network."""
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    return [layer for layer in layers if layer.weight.requires_grad]


def mean_loss(network: nn.Module, batch: Batch) -> Tensor:
    """The mean cross-entropy of a batch with labels."""
    assert batch.labels is not None, 'the score needs labels'
    return F.cross_entropy(network(batch.images), batch.labels)


def loss_gradients(network: nn.Module, batch: Batch, create_graph: bool = False) -> Gradients:
    """dL/dW of the mean cross-entropy; 0 of a weight that the loss does not depend on.

    Args:
        network: Maps images to logits.
        batch: With labels.
        create_graph: Whether the gradients can be differentiated.
    """
    weights: list[Tensor] = [layer.weight for layer in weighted_layers(network)]
    loss = mean_loss(network, batch)
    grads = torch.autograd.grad(
        loss, weights, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
    return Gradients(weights, list(grads))
