"""What a criterion may ask of a supernet that it judges by evaluating it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Probe(ABC):
    """A supernet, and some minibatches of the architecture half.

    An answer leaves weights, running statistics, alpha and generators as they are. All questions are
    asked of the same minibatches.

    Attributes:
        num_batches: Minibatches.
        forward_passes: Forward passes of one minibatch so far.
    """

    num_batches: int
    forward_passes: int

    @abstractmethod
    def losses(self, op_weights: Mapping[str, 'Tensor']) -> 'Tensor':
        """The cross-entropy of every minibatch under weights of operations.

        Args:
            op_weights: By cell type, shape (E, O). Candidates of weight 0 are not computed; weights of
                edges stay those of the search.

        Returns:
            float64 on the CPU, shape (B,).
        """
