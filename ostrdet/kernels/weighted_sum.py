"""The weighted sum of features as one autograd function."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def weighted_sum(weights_K: Tensor, features: Sequence[Tensor]) -> Tensor:
    """sum_k w_k f_k without the products in between.

    Args:
        weights_K: Shape (K,).
        features: K tensors of one shape.
    """
    total: Tensor = _WeightedSum.apply(weights_K, *features)
    return total


class _WeightedSum(Function):
    """dL/dw_k = <dL/dy, f_k>, only if it is asked for; dL/df_k = w_k dL/dy.

    Features are kept only for the gradient of the weights. The backward is made of operations that
    can be differentiated again.
    """

    @staticmethod
    def forward(ctx: Any, weights_K: Tensor, *features: Tensor) -> Tensor:
        """Accumulate in place."""
        kept = features if ctx.needs_input_grad[0] else ()
        ctx.save_for_backward(weights_K, *kept)
        ctx.channels_last = features[0].is_contiguous(memory_format=torch.channels_last)
        total = features[0] * weights_K[0]
        for weight, feature in zip(weights_K[1:], features[1:], strict=True):
            total.addcmul_(feature, weight)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the weights, then of the features."""
        weights_K, *features = ctx.saved_tensors
        if ctx.channels_last and grad.stride(1) != 1:
            # Otherwise the layout of one gradient spreads to all that are added to it
            grad = grad.contiguous(memory_format=torch.channels_last)
        weight_grads = torch.stack([_inner(grad, f) for f in features]) if features else None
        feature_grads = (
            grad * weight if needed else None
            for weight, needed in zip(weights_K, ctx.needs_input_grad[1:], strict=True)
        )
        return weight_grads, *feature_grads


def _inner(a: Tensor, b: Tensor) -> Tensor:
    """<a, b>; channels innermost, since a view of channels-last tensors costs nothing."""
    return torch.dot(a.permute(0, 2, 3, 1).reshape(-1), b.permute(0, 2, 3, 1).reshape(-1))
