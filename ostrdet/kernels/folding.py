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

from ostrdet.kernels.batch_norm import Centred, as_images, as_rows, update_running
from ostrdet.kernels.constants import constant


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
    matrices = _matrices(branches)
    moments = _moments(branches, matrices)
    rows = [branch.x.rows for branch in branches]
    total: Tensor = _FoldedSum.apply(moments, branches[0].x.shape, weights_B, matrices, *rows)
    return total


def folded_relu(branches: Sequence[Folded]) -> list[Tensor]:
    """ReLU(BatchNorm(P_b x_b)) of every branch, branches of one shape; each (N, C', H, W)."""
    matrices = _matrices(branches)
    moments = _moments(branches, matrices)
    rows = [branch.x.rows for branch in branches]
    return list(_FoldedReLU.apply(moments, branches[0].x.shape, matrices, *rows))


def _matrices(branches: Sequence[Folded]) -> Tensor:
    """P of every branch, shape (B, C', C)."""
    return torch.stack(
        [
            torch.eye(x.rows.shape[1], dtype=x.rows.dtype, device=x.rows.device)
            if kernel is None
            else kernel.flatten(1)
            for x, kernel, _ in branches
        ]
    )


class _Moments(NamedTuple):
    """By branch: covariance S of what is read, (B, C, C), epsilon, and s, (B, C')."""

    covariance: Tensor
    eps: tuple[float, ...]
    scale: Tensor


@torch.no_grad()
def _moments(branches: Sequence[Folded], matrices: Tensor) -> _Moments:
    """What normalises the outputs; running statistics are updated."""
    covariance = torch.stack([branch.x.covariance for branch in branches])
    variances = (torch.bmm(matrices, covariance) * matrices).sum(-1)
    means = torch.bmm(matrices, torch.stack([branch.x.mean for branch in branches])[..., None])
    count = len(branches[0].x.rows)
    unbiased = variances * (count / (count - 1))
    update_running([branch.norm for branch in branches], means[..., 0].unbind(), unbiased.unbind())
    eps = tuple(branch.norm.eps for branch in branches)
    eps_B = constant(eps, matrices.dtype, matrices.device)
    return _Moments(covariance, eps, (variances + eps_B[:, None]).rsqrt())


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
        ctx: Any,
        moments: _Moments,
        shape: torch.Size,
        weights_B: Tensor,
        matrices: Tensor,
        *rows: Tensor,
    ) -> Tensor:
        """The sum as images."""
        ctx.moments, ctx.shape = moments, shape
        ctx.save_for_backward(weights_B, matrices, *rows)
        folded = (weights_B[:, None] * moments.scale)[..., None] * matrices
        total = rows[0] @ folded[0].t()
        for D, A in zip(rows[1:], folded[1:], strict=True):
            _accumulate(total, D, A.t())
        return as_images(total, shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the weights, the matrices and the rows."""
        saved = ctx.saved_tensors  # once: activations that are computed anew allow no second time
        weights_B, matrices, *rows = saved
        if torch.is_grad_enabled():
            return None, None, *_differentiate(_plain_sum, ctx, saved, (grad,))
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
        ctx: Any, moments: _Moments, shape: torch.Size, matrices: Tensor, *rows: Tensor
    ) -> tuple[Tensor, ...]:
        """The output of every branch as images."""
        ctx.moments, ctx.shape = moments, shape
        folded = moments.scale[..., None] * matrices
        outputs = tuple(
            as_images((D @ A.t()).relu_(), shape) for D, A in zip(rows, folded, strict=True)
        )
        ctx.save_for_backward(matrices, *rows, *outputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the matrices and the rows."""
        count = len(grads)
        matrices, *tensors = ctx.saved_tensors
        rows, outputs = tensors[:count], tensors[count:]
        if torch.is_grad_enabled():
            return None, None, *_differentiate(_plain_relu, ctx, (matrices, *rows), grads)
        gs, products = [], []
        for grad, y, D in zip(grads, outputs, rows, strict=True):
            gs.append(_before_relu(grad, y))
            products.append(gs[-1].t() @ D)
        ones = matrices.new_ones(count)
        parts = _backward_matrices(torch.stack(products), ones, matrices, ctx.moments, len(rows[0]))
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


def _normalized(rows: Tensor, matrix: Tensor, eps: float) -> Tensor:
    return F.batch_norm(rows @ matrix.t(), None, None, training=True, eps=eps)


def _plain_sum(
    eps: tuple[float, ...],
    shape: torch.Size,
    weights_B: Tensor,
    matrices: Tensor,
    *rows: Tensor,
) -> list[Tensor]:
    parts = zip(weights_B, rows, matrices, eps, strict=True)
    total = torch.stack([w * _normalized(D, P, e) for w, D, P, e in parts]).sum(dim=0)
    return [as_images(total, shape)]


def _plain_relu(
    eps: tuple[float, ...], shape: torch.Size, matrices: Tensor, *rows: Tensor
) -> list[Tensor]:
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
    outputs = function(ctx.moments.eps, ctx.shape, *aliases)
    wanted = [alias for alias in aliases if alias.requires_grad]
    found = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=True))
    return [next(found) if alias.requires_grad else None for alias in aliases]
