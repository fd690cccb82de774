"""How sharp a loss is: products with its Hessian, and eigenvalues by Lanczos' method."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from mmengine.dist import all_reduce
from torch import Tensor

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

#: Lanczos starts from the same random vector in every call, so that results repeat.
SEED = 0
#: Up to here the matrix is written out: Lanczos needs more rows than it seeks eigenvalues.
SMALL = 3


class Eigenvalues(NamedTuple):
    """The two ends of a spectrum."""

    smallest: float
    largest: float

    @property
    def dominant(self) -> float:
        """The one of largest absolute value, with its sign."""
        return max(self, key=abs)


def hessian_operator(
    losses: Sequence[Callable[[], Tensor]], parameters: Sequence[Tensor]
) -> 'LinearOperator':
    """The Hessian of the mean of some losses, as exact Hessian-vector products.

    The graphs of the gradients are kept, so that a product is one backward pass of each loss; their
    memory grows with the number of losses.

    Args:
        losses: Scalars as functions of ``parameters``, twice differentiable.
        parameters: What is differentiated; n numbers in all.

    Returns:
        An operator of shape (n, n), float64.
    """
    graphs = [
        torch.autograd.grad(
            loss(), parameters, create_graph=True, allow_unused=True, materialize_grads=True
        )
        for loss in losses
    ]
    sizes = [parameter.numel() for parameter in parameters]

    def product(vector: np.ndarray) -> np.ndarray:
        flat = torch.from_numpy(np.array(vector, dtype=np.float64).reshape(-1))
        parts = [
            part.view_as(parameter).to(parameter)
            for part, parameter in zip(torch.split(flat, sizes), parameters, strict=True)
        ]
        total = torch.zeros(sum(sizes), dtype=torch.float64)
        for grads in graphs:
            products = torch.autograd.grad(
                grads,
                parameters,
                grad_outputs=parts,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            total += torch.cat([p.reshape(-1).to('cpu', torch.float64) for p in products])
        all_reduce(total, op='mean')  # all processes judge alike
        return (total / len(graphs)).numpy()

    from scipy.sparse.linalg import LinearOperator  # a quarter of a second, for few runs

    return LinearOperator((sum(sizes), sum(sizes)), matvec=product, dtype=np.float64)


def central_difference(
    function: Callable[[list[Tensor]], Sequence[Tensor]],
    at: Sequence[Tensor],
    direction: Sequence[Tensor],
    length: float,
) -> list[Tensor]:
    r"""The derivative of ``function`` along a direction: of a gradient, a Hessian-vector product.

    :math:`(F(x + r d) - F(x - r d)) / 2r` with :math:`r = \text{length} / |d|` (DARTS, Eq. 8), so it needs
    no second derivatives.

    Args:
        function: Tensors to tensors of any shapes.
        at: x.
        direction: d, shapes as of x.
        length: How far the two points are from x.

    Returns:
        Shapes as of the result of ``function``; zero for a direction of zero.
    """
    norm = torch.stack([d.norm() for d in direction]).norm()
    # No branch on the norm, for which the host would wait: a direction of zero gives zero
    radius = length / norm.clamp_min(torch.finfo(norm.dtype).tiny)

    def shifted(sign: int) -> Sequence[Tensor]:
        return function(
            [x.detach() + sign * radius * d for x, d in zip(at, direction, strict=True)]
        )

    ahead, behind = shifted(1), shifted(-1)
    return [(a - b) / (2 * radius) for a, b in zip(ahead, behind, strict=True)]


def extreme_eigenvalues(operator: 'LinearOperator', tolerance: float = 1e-6) -> Eigenvalues:
    """The smallest and the largest eigenvalue of a symmetric operator, by Lanczos' method.

    Args:
        operator: Shape (n, n), symmetric.
        tolerance: Relative accuracy.
    """
    size = operator.shape[0]
    if size <= SMALL:
        values = np.linalg.eigvalsh(operator @ np.eye(size))
    else:
        from scipy.sparse.linalg import eigsh

        start = np.random.default_rng(SEED).standard_normal(size)
        values = eigsh(
            operator, k=2, which='BE', v0=start, tol=tolerance, return_eigenvectors=False
        )
    return Eigenvalues(float(min(values)), float(max(values)))
