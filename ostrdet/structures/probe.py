"""What a criterion may ask of a supernet that it judges by evaluating it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ostrdet.structures.decisions import Decisions

if TYPE_CHECKING:
    from torch import Tensor


#: What normalisations take: that of the minibatch, of the search, or of several minibatches anew.
STATISTICS = ('batch', 'running', 'recalibrated')


#: By what a criterion may judge.
MEASURES = ('accuracy', 'loss')


class Measured(NamedTuple):
    """What minibatches say of weights of operations; float64 on the CPU, shape (B,) each.

    Attributes:
        losses: Cross-entropies, in nats.
        accuracies: Top-1 accuracies, in percent.
    """

    losses: 'Tensor'
    accuracies: 'Tensor'

    def by(self, measure: str) -> 'Tensor':
        """One of :data:`MEASURES`, higher is better: accuracies in percent, or minus the losses."""
        return self.accuracies if measure == 'accuracy' else -self.losses


class Place(NamedTuple):
    """A candidate of an edge, in all cells of a type alike.

    Attributes:
        cell: Cell type.
        edge: Index of the edge.
        op: Index of the candidate.
    """

    cell: str
    edge: int
    op: int


class Probe(ABC):
    """A supernet, and some minibatches of the architecture half.

    An answer leaves weights, running statistics, alpha and generators as they are. All questions are
    asked of the same minibatches.

    Attributes:
        space: The search space.
        num_classes: Classes of the data.
        num_batches: Minibatches.
        forward_passes: Forward passes of one minibatch so far; a step of fine-tuning counts as 6, a
            backward pass being two.
    """

    space: Any
    num_classes: int
    num_batches: int
    forward_passes: int

    @abstractmethod
    def measure(
        self,
        op_weights: Mapping[str, 'Tensor'],
        batches: Sequence[int] | None = None,
        statistics: str = 'batch',
    ) -> Measured:
        """Loss and accuracy of every minibatch under weights of operations.

        Args:
            op_weights: By cell type, shape (E, O). Candidates of weight 0 are not computed; weights of
                edges stay those of the search.
            batches: Which minibatches; None for all.
            statistics: What normalisations take, one of :data:`STATISTICS`.
        """

    @abstractmethod
    def finetune(self, decisions: Decisions, epochs: int) -> dict[str, 'Tensor']:
        """Train a copy of the supernet, and of alpha, as the search does; it answers from now on.

        Args:
            decisions: What is decided about edges; the others go on.
            epochs: Epochs of the search.

        Returns:
            The weights of operations that the copy has then, without a draw; shape (E, O) each.

        Raises:
            InvalidValueError: If several processes search.
        """

    def weights(self) -> Mapping[str, 'tuple[Place | None, Tensor]']:
        """The weights of convolutions and linear layers by name.

        Each with the candidate that it belongs to; None for what lies between and around the cells'
        edges.
        """
        raise NotImplementedError

    def losses(self, op_weights: Mapping[str, 'Tensor']) -> 'Tensor':
        """The cross-entropy of every minibatch, as in :meth:`measure`."""
        return self.measure(op_weights).losses
