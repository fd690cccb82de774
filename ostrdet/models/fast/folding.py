r"""Pointwise convolution, BatchNorm without affine and weight, folded into matrix products.

Let the rows of :math:`D` (M, C) be the pixels that a pointwise convolution :math:`P` (C', C) reads,
:math:`m` their mean and :math:`S = (D - m)^T (D - m) / M`. Its output :math:`z = D P^T` has mean
:math:`P m` and variance :math:`v = \mathrm{diag}(P S P^T)`. With :math:`s = (v + \epsilon)^{-1/2}` and
:math:`A = w\,\mathrm{diag}(s)\,P`, what BatchNorm makes of it, times the weight :math:`w`, is

.. math:: y = w\,(z - P m)\,\mathrm{diag}(s) = (D - m) A^T,

so the outputs of all branches b of a node add up as products :math:`D_b A_b^T`, and none of them is
stored. Backward, with :math:`g = \partial L / \partial y`, :math:`g_c = g - \bar g` (mean over rows),
:math:`B = g_c^T D = g^T (D - m)` and :math:`q_j = \sum_i B_{ji} P_{ji}`:

.. math::

    \partial L / \partial w &= \textstyle\sum_j s_j q_j \\
    \partial L / \partial P &= w\,\mathrm{diag}(s)\,(B - \mathrm{diag}(s^2 q)\,P S) \\
    \partial L / \partial D &= g_c A + (D - m) K, \quad K = -P^T \mathrm{diag}(w s^3 q / M)\,P .

The second and the third follow from the backward of BatchNorm,
:math:`\partial L / \partial z = w\,(g_c - n\,\mathrm{diag}(s q / M))\,\mathrm{diag}(s)` with
:math:`n = (D - m) P^T \mathrm{diag}(s)`, by :math:`\partial L / \partial P = (\partial L / \partial z)^T D` and
:math:`\partial L / \partial D = (\partial L / \partial z) P`. A normalisation without a convolution before it is
the case :math:`P = 1`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from ostrdet.models.fast.batch_stats import update_running


class Folded(NamedTuple):
    """A branch that ends in a pointwise convolution and a normalisation, or in the latter alone.

    Attributes:
        x: What the convolution reads, shape (N, C, H, W).
        kernel: Its weight, shape (C', C, 1, 1); None without a convolution.
        norm: BatchNorm without affine, in training.
    """

    x: Tensor
    kernel: Tensor | None
    norm: nn.BatchNorm2d

    @property
    def matrix(self) -> Tensor:
        """P, shape (C', C)."""
        if self.kernel is None:
            return torch.eye(self.x.shape[1], dtype=self.x.dtype, device=self.x.device)
        return self.kernel.flatten(1)


def folded_sum(weights_B: Tensor, branches: Sequence[Folded]) -> Tensor:
    """sum_b w_b BatchNorm(P_b x_b) of branches of one shape, (N, C', H, W).

    Args:
        weights_B: Weight of every branch, shape (B,).
        branches: Their running statistics are updated.
    """
    matrices = torch.stack([branch.matrix for branch in branches])
    eps = [branch.norm.eps for branch in branches]
    y, means, variances = _FoldedSum.apply(eps, weights_B, matrices, *(b.x for b in branches))
    _update_all(branches, means, variances)
    return y


def folded_relu(branches: Sequence[Folded]) -> list[Tensor]:
    """ReLU(BatchNorm(P_b x_b)) for every branch, branches of one shape."""
    matrices = torch.stack([branch.matrix for branch in branches])
    eps = [branch.norm.eps for branch in branches]
    *outputs, means, variances = _FoldedReLU.apply(eps, matrices, *(b.x for b in branches))
    _update_all(branches, means, variances)
    return outputs


def _update_all(branches: Sequence[Folded], means: Tensor, variances: Tensor) -> None:
    for branch, mean, variance in zip(branches, means, variances, strict=True):
        update_running(branch.norm, mean, variance)


class _Moments(NamedTuple):
    """By branch: mean m (B, C) and covariance S (B, C, C) of the input, s (B, C') of the output."""

    mean: Tensor
    covariance: Tensor
    scale: Tensor


def _rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as (M, C): a view if the channels are innermost in memory."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _images(rows: Tensor, like: Tensor) -> Tensor:
    """(M, C') as (N, C', H, W) with the N, H and W of ``like``."""
    batch, _, height, width = like.shape
    return rows.view(batch, height, width, -1).permute(0, 3, 1, 2)


def _moments(
    inputs: Sequence[Tensor], matrices: Tensor, eps: Sequence[float]
) -> tuple[_Moments, Tensor, Tensor]:
    """Also the mean and the unbiased variance of the output, (B, C') both."""
    size = matrices.shape[-1]
    mean = matrices.new_empty(len(inputs), size)
    covariance = matrices.new_empty(len(inputs), size, size)
    for b, x in enumerate(inputs):
        rows = _rows(x)
        torch.mean(rows, dim=0, out=mean[b])
        centred = rows - mean[b]  # in two passes: the difference of large squares loses digits
        torch.mm(centred.t(), centred, out=covariance[b])
    count = inputs[0].numel() // size
    if count == 1:
        raise ValueError('Expected more than 1 value per channel when training')
    covariance /= count
    variance = (torch.bmm(matrices, covariance) * matrices).sum(-1)
    scale = (variance + variance.new_tensor(eps)[:, None]).rsqrt()
    output_mean = torch.bmm(matrices, mean[..., None])[..., 0]
    return _Moments(mean, covariance, scale), output_mean, variance * (count / (count - 1))


def _backward_matrices(
    weights_B: Tensor, matrices: Tensor, moments: _Moments, cross: Tensor, count: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """From B: dL/dw (B,) and dL/dP (B, C', C); A (B, C', C) and K (B, C, C) for dL/dD."""
    scale = moments.scale
    q = (cross * matrices).sum(-1)
    folded = (weights_B[:, None] * scale)[..., None] * matrices
    curved = (scale**2 * q)[..., None] * matrices
    grads = (weights_B[:, None] * scale)[..., None] * (cross - curved @ moments.covariance)
    return (scale * q).sum(-1), grads, folded, folded.transpose(1, 2) @ curved / -count


class _FoldedSum(Function):
    """See the module's docstring. Under ``create_graph`` the plain expression is differentiated."""

    @staticmethod
    def forward(
        ctx: Any, eps: list[float], weights_B: Tensor, matrices: Tensor, *inputs: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The sum, and mean and variance of every branch's output."""
        moments, *statistics = _moments(inputs, matrices, eps)
        folded = (weights_B[:, None] * moments.scale)[..., None] * matrices
        shift = torch.bmm(folded, moments.mean[..., None]).sum(dim=0)[:, 0]
        total = torch.addmm(-shift, _rows(inputs[0]), folded[0].t())
        for x, matrix in zip(inputs[1:], folded[1:], strict=True):
            total.addmm_(_rows(x), matrix.t())
        ctx.eps, ctx.moments = eps, moments
        ctx.save_for_backward(weights_B, matrices, *inputs)
        ctx.mark_non_differentiable(*statistics)
        return _images(total, inputs[0]), *statistics

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """Gradients of the weights, the matrices and the inputs."""
        weights_B, matrices, *inputs = ctx.saved_tensors
        if torch.is_grad_enabled():
            tensors = (weights_B, matrices, *inputs)
            return None, *_differentiate(_plain_sum, ctx, tensors, (grad,))
        rows = _rows(grad)
        centred = rows - rows.mean(dim=0)
        cross = torch.stack([centred.t() @ _rows(x) for x in inputs])
        weight_grads, matrix_grads, folded, curved = _backward_matrices(
            weights_B, matrices, ctx.moments, cross, len(rows)
        )
        input_grads = [
            _input_grad(centred, x, *parts)
            for x, *parts in zip(inputs, ctx.moments.mean, folded, curved, strict=True)
        ]
        return None, weight_grads, matrix_grads, *input_grads


class _FoldedReLU(Function):
    """The case of one branch and w = 1 with a ReLU behind it, for several branches at a time."""

    @staticmethod
    def forward(
        ctx: Any, eps: list[float], matrices: Tensor, *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        """The output of every branch, and mean and variance before the ReLU."""
        moments, *statistics = _moments(inputs, matrices, eps)
        folded = moments.scale[..., None] * matrices
        shifts = torch.bmm(folded, moments.mean[..., None])[..., 0]
        outputs = [
            _images(torch.addmm(-shift, _rows(x), matrix.t()).relu_(), x)
            for x, matrix, shift in zip(inputs, folded, shifts, strict=True)
        ]
        ctx.eps, ctx.moments, ctx.count = eps, moments, len(inputs)
        ctx.save_for_backward(matrices, *inputs, *outputs)
        ctx.mark_non_differentiable(*statistics)
        return *outputs, *statistics

    @staticmethod
    def backward(ctx: Any, *all_grads: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """Gradients of the matrices and the inputs."""
        matrices, *tensors = ctx.saved_tensors
        inputs, outputs = tensors[: ctx.count], tensors[ctx.count :]
        grads = all_grads[: ctx.count]
        if torch.is_grad_enabled():
            return None, *_differentiate(_plain_relu, ctx, (matrices, *inputs), grads)
        centred = [_masked(grad, y) for grad, y in zip(grads, outputs, strict=True)]
        cross = torch.stack([g.t() @ _rows(x) for g, x in zip(centred, inputs, strict=True)])
        _, matrix_grads, folded, curved = _backward_matrices(
            matrices.new_ones(ctx.count), matrices, ctx.moments, cross, len(centred[0])
        )
        input_grads = [
            _input_grad(g, x, *parts)
            for g, x, *parts in zip(
                centred, inputs, ctx.moments.mean, folded, curved, strict=True
            )
        ]
        return None, matrix_grads, *input_grads


def _masked(grad: Tensor, output: Tensor) -> Tensor:
    """The gradient before the ReLU, less its mean over the rows; (M, C')."""
    rows = torch.ops.aten.threshold_backward(_rows(grad), _rows(output), 0)
    return rows.sub_(rows.mean(dim=0))


def _input_grad(centred: Tensor, x: Tensor, mean: Tensor, folded: Tensor, curved: Tensor) -> Tensor:
    """g_c A + (D - m) K as (N, C, H, W)."""
    grad = torch.addmm(-(mean @ curved), _rows(x), curved).addmm_(centred, folded)
    return _images(grad, x)


def _normalized(x: Tensor, matrix: Tensor, eps: float) -> Tensor:
    return F.batch_norm(F.conv2d(x, matrix[..., None, None]), None, None, training=True, eps=eps)


def _plain_sum(eps: list[float], weights_B: Tensor, matrices: Tensor, *inputs: Tensor) -> Tensor:
    parts = zip(weights_B, inputs, matrices, eps, strict=True)
    return sum((w * _normalized(x, p, e) for w, x, p, e in parts), start=weights_B.new_zeros(()))


def _plain_relu(eps: list[float], matrices: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    parts = zip(inputs, matrices, eps, strict=True)
    return tuple(_normalized(x, p, e).relu() for x, p, e in parts)


def _differentiate(
    function: Any, ctx: Any, tensors: Sequence[Tensor], grads: Sequence[Tensor]
) -> tuple[Tensor | None, ...]:
    """Gradients of ``function`` that can be differentiated again."""
    outputs = function(ctx.eps, *tensors)
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=True))
    return tuple(next(found) if tensor.requires_grad else None for tensor in tensors)
