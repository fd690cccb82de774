"""How sharp the validation loss is in alpha."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from scipy.sparse.linalg import LinearOperator
from torch import Tensor

from ostrdet.kernels.curvature import hessian_operator
from ostrdet.models.arch_updates import Batch


def alpha_hessian(searcher: Any, batches: Sequence[Batch]) -> LinearOperator:
    """The Hessian of the validation loss in the alphas of all cell types together.

    Weights without a draw, statistics of each minibatch; nothing of the searcher changes.

    Args:
        searcher: The searcher.
        batches: Minibatches of the architecture half, normalised.
    """
    losses = [partial(_loss, searcher, batch) for batch in batches]
    return hessian_operator(losses, list(searcher.alphas.values()))


def _loss(searcher: Any, batch: Batch) -> Tensor:
    """The validation loss as a function of alpha."""
    loss: Tensor = searcher.mix_loss(batch, searcher.mix())
    return loss
