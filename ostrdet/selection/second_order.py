r"""The change of the loss to second order, as pure functions of tensors: an extension of the paper.

On one edge, phi(t) is the loss at the weights :math:`p + t\,(e_o - p)`: from the mixture at 0 to the
operation o alone at 1. Operation strength takes phi'(0); the paper names the second order as future work:

.. math:: \phi(1) - \phi(0) \approx \phi'(0) + \tfrac12 \phi''(0), \qquad
    \phi'(0) = g_o - \langle p, g \rangle, \qquad
    \phi''(0) = H_{oo} - 2\,(H p)_o + p^T H p

with g the gradient of the edge's weights and H their Hessian: a diagonal block of the whole. Of two
operations alone on an edge the estimates differ by L' + L'' (p_2 - p_1) / 2, L' = g_1 - g_2 and
L'' = H_11 - 2 H_12 + H_22, so they do not tie, as the strengths of first order do.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ostrdet.selection.functional import first_order_change


def block_curvature(op_weights_EO: Tensor, blocks_EOO: Tensor) -> Tensor:
    r"""phi'' of every operation on every edge, from the blocks of the Hessian.

    Args:
        op_weights_EO: Operation weights p. Shape (num_edges, num_ops).
        blocks_EOO: Second derivatives of the loss with respect to the weights of one edge, symmetric.
            Shape (num_edges, num_ops, num_ops).

    Returns:
        Shape (num_edges, num_ops), of either sign.

    Examples:
        >>> import torch
        >>> block_curvature(torch.tensor([[0.25, 0.75]]), torch.tensor([[[2.0, 0.0], [0.0, 4.0]]]))
        tensor([[3.3750, 0.3750]])
    """
    product_EO = torch.einsum('eok,ek->eo', blocks_EOO, op_weights_EO)
    mean_E1 = (op_weights_EO * product_EO).sum(dim=-1, keepdim=True)
    return blocks_EOO.diagonal(dim1=-2, dim2=-1) - 2 * product_EO + mean_E1


def pair_curvature(op_weights_EO: Tensor, left_EO: Tensor, right_EO: Tensor) -> Tensor:
    r"""phi'' where the block of each edge is estimated by the product l r^T.

    :math:`d^T l\; r^T d` with :math:`d = e_o - p`, of the symmetric part of :math:`l r^T`. Two estimates of
    blocks have that form: signs v and H v (Hutchinson), and for B samples the gradient under labels
    drawn from the model and B times it (Fisher, equal to Gauss-Newton).

    Args:
        op_weights_EO: Operation weights p. Shape (num_edges, num_ops).
        left_EO: One factor, same shape.
        right_EO: The other one, same shape.

    Returns:
        Same shape, of either sign; its mean over draws estimates phi'' without bias.

    Raises:
        InvalidValueError: If an argument is not two-dimensional, or the shapes differ.
    """
    left_EO = first_order_change(op_weights_EO, left_EO)
    return left_EO * first_order_change(op_weights_EO, right_EO)


def second_order_change(
    op_weights_EO: Tensor, op_weight_grad_EO: Tensor, curvature_EO: Tensor
) -> Tensor:
    r"""The change of the loss to second order: :math:`\phi' + \phi'' / 2`.

    Exact where the loss is quadratic in the weights of the edge.

    Args:
        op_weights_EO: Operation weights p. Shape (num_edges, num_ops).
        op_weight_grad_EO: dL/dp, as in :func:`first_order_change`, same shape.
        curvature_EO: phi'', same shape.

    Returns:
        Same shape, of either sign; the operation with the lowest one raises the loss least.
    """
    return first_order_change(op_weights_EO, op_weight_grad_EO) + curvature_EO / 2


def diagonal_blocks(matrix: Tensor, shapes: Sequence[tuple[int, int]]) -> list[Tensor]:
    """The blocks of each edge out of a matrix of all weights.

    Args:
        matrix: Shape (n, n); rows and columns are the weights of all cell types, flattened in turn.
        shapes: (num_edges, num_ops) by cell type; n is the sum of their products.

    Returns:
        By cell type, shape (num_edges, num_ops, num_ops).
    """
    blocks, start = [], 0
    for num_edges, num_ops in shapes:
        stop = start + num_edges * num_ops
        own = matrix[start:stop, start:stop].reshape(num_edges, num_ops, num_edges, num_ops)
        blocks.append(own.diagonal(dim1=0, dim2=2).permute(2, 0, 1))
        start = stop
    return blocks
