r"""Pointwise convolution, BatchNorm without affine and weight, folded into matrix products.

Let the rows of :math:`D` (M, C) be the pixels that a pointwise convolution :math:`P` (C', C) reads, less
their mean :math:`m`, and :math:`S = D^T D / M`. The convolution's output has mean :math:`P m` and variance
:math:`v = \mathrm{diag}(P S P^T)`. With :math:`s = (v + \epsilon)^{-1/2}` and :math:`A = w\,\mathrm{diag}(s)\,P`,
what BatchNorm makes of it, times the weight :math:`w`, is

.. math:: y = w\,D P^T \mathrm{diag}(s) = D A^T,

so the outputs of all branches b of a node add up as products :math:`D_b A_b^T`, and none of them is
stored. Backward, with :math:`g = \partial L / \partial y` less its mean over the rows,
:math:`B = g^T D` and :math:`q_j = \sum_i B_{ji} P_{ji}`:

.. math::

    \partial L / \partial w &= \textstyle\sum_j s_j q_j \\
    \partial L / \partial P &= w\,\mathrm{diag}(s)\,(B - \mathrm{diag}(s^2 q)\,P S) \\
    \partial L / \partial D &= g A + D K, \quad K = -P^T \mathrm{diag}(w s^3 q / M)\,P .

The second and the third follow from the backward of BatchNorm,
:math:`\partial L / \partial z = w\,(g - n\,\mathrm{diag}(s q / M))\,\mathrm{diag}(s)` with
:math:`n = D P^T \mathrm{diag}(s)`, by :math:`\partial L / \partial P = (\partial L / \partial z)^T D` and
:math:`\partial L / \partial D = (\partial L / \partial z) P`. A normalisation without a convolution before it is
the case :math:`P = 1`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from ostrdet.models.fast.batch_stats import update_running
from ostrdet.models.fast.centring import Centred, as_images, as_rows


class Folded(NamedTuple):
    """What ends in a pointwise convolution and a normalisation, or in the latter alone.

    Attributes:
        x: What is read.
        kernel: Weight of the convolution, shape (C', C, 1, 1); None if there is none.
        norm: BatchNorm without affine, in training.
    """

    x: Centred
    kernel: Tensor | None
    norm: nn.BatchNorm2d


def folded_sum(weights_B: Tensor, branches: Sequence[Folded]) -> Tensor:
    """sum_b w_b BatchNorm(P_b x_b) of branches of one shape, (N, C', H, W).

    Args:
        weights_B: Weight of every branch, shape (B,).
        branches: Their running statistics are updated.
    """
    eps, matrices, rows = _inputs(branches)
    y, variances = _FoldedSum.apply(eps, branches[0].x.shape, weights_B, matrices, *rows)
    _update_statistics(branches, matrices, variances)
    return y


def folded_relu(branches: Sequence[Folded]) -> list[Tensor]:
    """ReLU(BatchNorm(P_b x_b)) of every branch, branches of one shape; each (N, C', H, W)."""
    eps, matrices, rows = _inputs(branches)
    *outputs, variances = _FoldedReLU.apply(eps, branches[0].x.shape, matrices, *rows)
    _update_statistics(branches, matrices, variances)
    return outputs


def _inputs(branches: Sequence[Folded]) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Of all branches: epsilon, shape (B, 1), the matrices P, (B, C', C), and the rows D."""
    rows = [branch.x.rows for branch in branches]
    matrices = torch.stack(
        [
            torch.eye(D.shape[1], dtype=D.dtype, device=D.device)
            if branch.kernel is None
            else branch.kernel.flatten(1)
            for branch, D in zip(branches, rows, strict=True)
        ]
    )
    return matrices.new_tensor([[branch.norm.eps] for branch in branches]), matrices, rows


@torch.no_grad()
def _update_statistics(branches: Sequence[Folded], matrices: Tensor, variances: Tensor) -> None:
    means = torch.bmm(matrices, torch.stack([b.x.mean for b in branches])[..., None])[..., 0]
    count = len(branches[0].x.rows)
    variances = variances * (count / (count - 1))
    update_running([b.norm for b in branches], means.unbind(), variances.unbind())


class _Moments(NamedTuple):
    """By branch: covariance S of what is read, (B, C, C), and v and s of the output, (B, C')."""

    covariance: Tensor
    variance: Tensor
    scale: Tensor


def _moments(rows: Sequence[Tensor], matrices: Tensor, eps: Tensor) -> _Moments:
    covariance = torch.stack([D.t() @ D for D in rows]) / len(rows[0])
    variance = (torch.bmm(matrices, covariance) * matrices).sum(-1)
    return _Moments(covariance, variance, (variance + eps).rsqrt())


class _Backward(NamedTuple):
    """By branch: dL/dw (B,), dL/dP (B, C', C), and A (B, C', C) and K (B, C, C) for dL/dD."""

    weights: Tensor
    matrices: Tensor
    folded: Tensor
    curved: Tensor


def _backward_matrices(
    cross: Tensor, weights_B: Tensor, matrices: Tensor, moments: _Moments, count: int
) -> _Backward:
    """From B, shape (B, C', C), and the number of rows."""
    scale = moments.scale
    q = (cross * matrices).sum(-1)
    weighted = (weights_B[:, None] * scale)[..., None]
    folded, curved = weighted * matrices, (scale**2 * q)[..., None] * matrices
    matrix_grads = weighted * (cross - torch.bmm(curved, moments.covariance))
    curvature = torch.bmm(folded.transpose(1, 2), curved).div_(-count)
    return _Backward((scale * q).sum(-1), matrix_grads, folded, curvature)


class _FoldedSum(Function):
    """See the module's docstring. Under ``create_graph`` the plain expression is differentiated."""

    @staticmethod
    def forward(
        ctx: Any, eps: Tensor, shape: torch.Size, weights_B: Tensor, matrices: Tensor, *rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The sum as images, and the variance of every branch's output."""
        ctx.eps, ctx.shape, ctx.moments = eps, shape, _moments(rows, matrices, eps)
        ctx.save_for_backward(weights_B, matrices, *rows)
        folded = (weights_B[:, None] * ctx.moments.scale)[..., None] * matrices
        total = rows[0] @ folded[0].t()
        for D, A in zip(rows[1:], folded[1:], strict=True):
            _accumulate(total, D, A.t())
        ctx.mark_non_differentiable(ctx.moments.variance)
        return as_images(total, shape), ctx.moments.variance

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the weights, the matrices and the rows."""
        weights_B, matrices, *rows = ctx.saved_tensors
        if torch.is_grad_enabled():
            return None, None, *_differentiate(_plain_sum, ctx, ctx.saved_tensors, (grad,))
        g = as_rows(grad)
        g = g - g.mean(dim=0)
        cross = torch.stack([g.t() @ D for D in rows])
        parts = _backward_matrices(cross, weights_B, matrices, ctx.moments, len(g))
        row_grads = [
            _accumulate(g @ A, D, K)
            for D, A, K in zip(rows, parts.folded, parts.curved, strict=True)
        ]
        return None, None, parts.weights, parts.matrices, *row_grads


class _FoldedReLU(Function):
    """The case of one branch and w = 1 with a ReLU behind it, for several branches at a time."""

    @staticmethod
    def forward(
        ctx: Any, eps: Tensor, shape: torch.Size, matrices: Tensor, *rows: Tensor
    ) -> tuple[Tensor, ...]:
        """The output of every branch as images, and the variance of each before the ReLU."""
        ctx.eps, ctx.shape, ctx.moments = eps, shape, _moments(rows, matrices, eps)
        folded = ctx.moments.scale[..., None] * matrices
        outputs = [(D @ A.t()).relu_() for D, A in zip(rows, folded, strict=True)]
        outputs = [as_images(y, shape) for y in outputs]
        ctx.save_for_backward(matrices, *rows, *outputs)
        ctx.mark_non_differentiable(ctx.moments.variance)
        return *outputs, ctx.moments.variance

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the matrices and the rows."""
        count = len(grads) - 1
        matrices, *tensors = ctx.saved_tensors
        rows, outputs = tensors[:count], tensors[count:]
        if torch.is_grad_enabled():
            return None, None, *_differentiate(_plain_relu, ctx, (matrices, *rows), grads[:-1])
        gs = [_before_relu(grad, y) for grad, y in zip(grads[:-1], outputs, strict=True)]
        cross = torch.stack([g.t() @ D for g, D in zip(gs, rows, strict=True)])
        ones = matrices.new_ones(count)
        parts = _backward_matrices(cross, ones, matrices, ctx.moments, len(rows[0]))
        row_grads = [
            _accumulate(g @ A, D, K)
            for g, D, A, K in zip(gs, rows, parts.folded, parts.curved, strict=True)
        ]
        return None, None, parts.matrices, *row_grads


def _accumulate(total: Tensor, rows: Tensor, matrix: Tensor) -> Tensor:
    """Add a product in place."""
    # With few columns the accumulating product of BLAS is slower than a product and a sum
    return total.addmm_(rows, matrix) if len(matrix) >= 16 else total.add_(rows @ matrix)


def _before_relu(grad: Tensor, output: Tensor) -> Tensor:
    """The gradient before the ReLU as rows, less their mean."""
    rows = torch.ops.aten.threshold_backward(as_rows(grad), as_rows(output), 0)
    return rows.sub_(rows.mean(dim=0))


def _normalized(rows: Tensor, matrix: Tensor, eps: Tensor) -> Tensor:
    return F.batch_norm(rows @ matrix.t(), None, None, training=True, eps=eps.item())


def _plain_sum(
    eps: Tensor, shape: torch.Size, weights_B: Tensor, matrices: Tensor, *rows: Tensor
) -> list[Tensor]:
    parts = zip(weights_B, rows, matrices, eps, strict=True)
    total = torch.stack([w * _normalized(D, P, e) for w, D, P, e in parts]).sum(dim=0)
    return [as_images(total, shape)]


def _plain_relu(eps: Tensor, shape: torch.Size, matrices: Tensor, *rows: Tensor) -> list[Tensor]:
    parts = zip(rows, matrices, eps, strict=True)
    return [as_images(_normalized(D, P, e).relu(), shape) for D, P, e in parts]


def _differentiate(
    function: Callable[..., list[Tensor]],
    ctx: Any,
    tensors: Sequence[Tensor],
    grads: Sequence[Tensor],
) -> list[Tensor | None]:
    """Gradients of ``function`` that can be differentiated again.

    Aliases stand for the tensors, since one may depend on another: partial derivatives are meant.
    """
    aliases = [tensor.view_as(tensor) for tensor in tensors]
    outputs = function(ctx.eps, ctx.shape, *aliases)
    wanted = [alias for alias in aliases if alias.requires_grad]
    found = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=True))
    return [next(found) if alias.requires_grad else None for alias in aliases]
