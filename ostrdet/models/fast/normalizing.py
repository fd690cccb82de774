r"""BatchNorm without affine that keeps its output and not its input.

:math:`y = (x - m)\,s` and :math:`s = (v + \epsilon)^{-1/2}`, with mean and variance over all M pixels, have the
derivatives

.. math::

    \partial L / \partial x = s\,(g - \bar g - y\,\overline{g y}) - h\,s^2 y / M, \quad
    g = \partial L / \partial y, \; h = \partial L / \partial s,

which need y and s alone; the weighted sum keeps y anyway. s is put out with y only so that this
backward, which reads both, can be differentiated again. The variance takes a pass of its own.
"""

from typing import Any

from torch import Tensor
from torch.autograd import Function

from ostrdet.models.fast.centring import as_images, as_rows, check_count


def normalize(x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise ``x`` (N, C, H, W) by the batch.

    Returns:
        The normalised feature, and mean and unbiased variance, shape (C,), without gradient.

    Raises:
        ValueError: If there is but one pixel, whose variance is undefined.
    """
    check_count(x)
    y, _, mean_C, variance_C = _Normalize.apply(x, eps)
    return y, mean_C, variance_C


class _Normalize(Function):
    """See the module's docstring."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """y, s, mean and unbiased variance."""
        ctx.set_materialize_grads(False)
        rows = as_rows(x)
        mean_C = rows.mean(dim=0)
        centred = rows - mean_C
        variance_C = centred.square().mean(dim=0)
        scale_C = (variance_C + eps).rsqrt()
        y = as_images(centred.mul_(scale_C), x.shape)
        variance_C *= len(rows) / (len(rows) - 1)
        ctx.save_for_backward(y, scale_C)
        ctx.mark_non_differentiable(mean_C, variance_C)
        return y, scale_C, mean_C, variance_C

    @staticmethod
    def backward(
        ctx: Any, grad: Tensor | None, scale_grad_C: Tensor | None, *_: None
    ) -> tuple[Tensor | None, None]:
        """The gradient of x; made of operations that can be differentiated again."""
        y, scale_C = ctx.saved_tensors
        result = None if grad is None else _backward(as_rows(grad), as_rows(y), scale_C)
        if scale_grad_C is not None:  # only in a second backward pass
            rows = as_rows(y)
            of_scale = rows * (-scale_grad_C * scale_C.square() / len(rows))
            result = of_scale if result is None else result + of_scale
        return (None if result is None else as_images(result, y.shape)), None


def _backward(g: Tensor, y: Tensor, scale_C: Tensor) -> Tensor:
    shared_C = (g * y).mean(dim=0)
    return (g - g.mean(dim=0)).addcmul_(y, -shared_C).mul_(scale_C)
