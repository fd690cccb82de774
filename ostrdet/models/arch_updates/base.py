"""The question that every architecture update answers, and what it may use for it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """Images (N, 3, H, W), normalised, and labels (N,)."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class BilevelProblem:
    """The lower and the upper level of the search at one iteration.

    Attributes:
        loss: Cross-entropy of a batch under the mix weights ``mix``. Its second argument is a
            mapping of supernet weights to use instead of the supernet's own; then no running
            statistic changes either. The supernet's own are constants: to differentiate with
            respect to them, hand over ``weights``.
        mix: What is differentiated: weights of operations, shape (E, O), and of edges, shape (E,),
            of all cell types, as leaves of the graph.
        weights: Parameters of the supernet by name.
        optimizer: The optimizer of ``weights``.
        loss_scale: Factor that keeps float16 gradients from vanishing.
    """

    loss: Callable[[Batch, Mapping[str, Tensor] | None], Tensor]
    mix: Sequence[Tensor]
    weights: Mapping[str, Tensor]
    optimizer: torch.optim.Optimizer
    loss_scale: float = 1.0

    def grad(
        self, loss: Tensor, inputs: Iterable[Tensor], create_graph: bool = False
    ) -> list[Tensor]:
        """d loss / d inputs, zeros where an input is not used; no ``.grad`` is ever touched."""
        inputs = tuple(inputs)
        if not loss.requires_grad:  # a draw of 'none' alone cuts the classifier off
            return [torch.zeros_like(x) for x in inputs]
        grads = torch.autograd.grad(
            loss * self.loss_scale,
            inputs,
            create_graph=create_graph,
            allow_unused=True,
            materialize_grads=True,
        )
        return [grad / self.loss_scale for grad in grads]


class ArchUpdate(ABC):
    """Obtains the gradient of the validation loss with respect to the mix weights."""

    #: Forward and backward passes of an architecture step, for estimates of time.
    num_passes: int = 1

    @abstractmethod
    def gradients(
        self, problem: BilevelProblem, weight_batch: Batch, arch_batch: Batch
    ) -> tuple[Tensor, list[Tensor]]:
        """Differentiate the upper level.

        Args:
            problem: The losses and what they depend on.
            weight_batch: Batch of the half that trains the weights.
            arch_batch: Batch of the half that trains the architecture.

        Returns:
            The validation loss, a detached scalar, and its gradients, one per tensor of
            ``problem.mix``.
        """
