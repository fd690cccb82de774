r"""The selection scores of one minibatch, as pure functions of tensors.

L is the validation loss of the minibatch. All but :func:`alpha_saliency` are functions of the
operation weights p and of dL/dp, which the architecture step has anyway, so that they mean the same under
every weighting: a softmax, a sigmoid, or a draw. A gradient with respect to shared weights is a sum over the cells that share
them, so that sum stands *inside* every absolute value below.

The text of the paper that is available to us has lost its formula images. The formulas here are
re-derived from its prose, with which they agree sentence by sentence; the numbers of the equations
are the paper's.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError


def operation_strength(op_weights_EO: Tensor, op_weight_grad_EO: Tensor) -> Tensor:
    r"""Operation strength (OStr) of every candidate on every edge (Eqs. 8-10, 16).

    :math:`S_{e,o} = |p_{e,o}\, (g_{e,o} - \langle p_e, g_e \rangle)|` with :math:`g = \partial L /
    \partial p`, which for a mixed operation :math:`f = \sum_o p_o\, o(x)` is :math:`|\sum_n
    p_{e,o}\,\langle \partial L/\partial f_n,\; o_n - f_n \rangle|` over the cells n: the change of
    the loss when o takes the place of f, as a Taylor expansion at o estimates it, where
    :math:`\partial L/\partial o = p\,\partial L/\partial f`. Large only where the operation has
    weight *and* its feature differs from the mixture. If p is a softmax of alpha, it is
    :math:`|\partial L / \partial \alpha_{e,o}|`, and two candidates alone on an edge always tie.

    Args:
        op_weights_EO: Operation weights p of the minibatch. Shape (num_edges, num_ops).
        op_weight_grad_EO: Gradient of the validation loss with respect to p, every p taken as a
            variable of its own, AMP scale removed. Shape (num_edges, num_ops).

    Returns:
        Non-negative strengths, same shape. Average over minibatches *after* the absolute value
        (Eq. 11).

    Raises:
        InvalidValueError: If an argument is not two-dimensional, or the shapes differ.

    Examples:
        >>> import torch
        >>> operation_strength(torch.tensor([[0.25, 0.75]]), torch.tensor([[2.0, -2.0]]))
        tensor([[0.7500, 0.7500]])
    """
    _check_shapes(op_weights_EO=op_weights_EO, op_weight_grad_EO=op_weight_grad_EO)
    # p (g - <p, g>) in one kernel, rounded as autograd rounds dL/dalpha of a softmax
    signed_EO: Tensor = torch.ops.aten._softmax_backward_data(
        op_weight_grad_EO, op_weights_EO, -1, op_weights_EO.dtype
    )
    return signed_EO.abs()


def first_order_change(op_weights_EO: Tensor, op_weight_grad_EO: Tensor) -> Tensor:
    r"""The change of the loss to first order in the weights, as a Taylor expansion at f.

    :math:`\sum_n \langle \partial L/\partial f_n,\; o_n - f_n \rangle = g_{e,o} - \langle p_e, g_e
    \rangle`: the signed form of OStr* (Eq. 18). Exact where the loss is linear in the weights of the
    edge.

    Args:
        op_weights_EO: As in :func:`operation_strength`, as is the next one.
        op_weight_grad_EO: Shape (num_edges, num_ops).

    Returns:
        Same shape, of either sign.

    Raises:
        InvalidValueError: If an argument is not two-dimensional, or the shapes differ.
    """
    _check_shapes(op_weights_EO=op_weights_EO, op_weight_grad_EO=op_weight_grad_EO)
    mean_E1 = (op_weights_EO * op_weight_grad_EO).sum(dim=-1, keepdim=True)
    return op_weight_grad_EO - mean_E1


def operation_strength_star(op_weights_EO: Tensor, op_weight_grad_EO: Tensor) -> Tensor:
    r"""Operation strength without the magnitude (OStr*, Eq. 18).

    :math:`S^*_{e,o} = S_{e,o} / p_{e,o} = |g_{e,o} - \langle p_e, g_e \rangle|
    = |\sum_n \langle \partial L/\partial f_n,\; o_n - f_n \rangle|`: the same change
    of the loss as in :func:`operation_strength`, estimated by an expansion at f instead of o.

    Args:
        op_weights_EO: Operation weights p of the minibatch. Shape (num_edges, num_ops).
        op_weight_grad_EO: As in :func:`operation_strength`. Shape (num_edges, num_ops).

    Returns:
        Non-negative strengths, same shape.

    Raises:
        InvalidValueError: If an argument is not two-dimensional, or the shapes differ.

    Examples:
        >>> import torch
        >>> operation_strength_star(torch.tensor([[0.25, 0.75]]), torch.tensor([[2.0, -2.0]]))
        tensor([[3., 1.]])
    """
    return first_order_change(op_weights_EO, op_weight_grad_EO).abs()


def within_mixtures(
    score: Callable[[Tensor, Tensor], Tensor],
    op_weights_EO: Tensor,
    op_weight_grad_EO: Tensor,
    mixtures: Sequence[Sequence[int]] | None,
) -> Tensor:
    """A score that compares candidates with their mixture, where an edge has several (DOTS).

    Args:
        score: :func:`operation_strength` or :func:`operation_strength_star`.
        op_weights_EO: As there, as is the next one.
        op_weight_grad_EO: Shape (num_edges, num_ops).
        mixtures: Indices of the candidates of each; None for one of all.

    Returns:
        Shape (num_edges, num_ops).

    Examples:
        >>> import torch
        >>> p, g = torch.tensor([[0.25, 0.75, 1.0]]), torch.tensor([[2.0, -2.0, 5.0]])
        >>> within_mixtures(operation_strength, p, g, [(0, 1), (2,)])
        tensor([[0.7500, 0.7500, 0.0000]])
    """
    if mixtures is None:
        return score(op_weights_EO, op_weight_grad_EO)
    found_EO = torch.zeros_like(op_weights_EO)
    for mixture in mixtures:
        columns = list(mixture)
        found_EO[:, columns] = score(op_weights_EO[:, columns], op_weight_grad_EO[:, columns])
    return found_EO


def pruning_saliency(op_weights_EO: Tensor, op_weight_grad_EO: Tensor) -> Tensor:
    r"""Saliency of *removing* a candidate from the mixture ("Naive" in the paper, Fig. 4 b).

    :math:`|p_{e,o}\, \partial L / \partial p_{e,o}|
    = |\sum_n \langle \partial L/\partial f_n,\; p_{e,o}\, o_n \rangle|`: by how much the loss would
    change, to first order, if the term of o were dropped and nothing took its place.

    Args:
        op_weights_EO: Operation weights p. Shape (num_edges, num_ops).
        op_weight_grad_EO: As in :func:`operation_strength`. Shape (num_edges, num_ops).

    Returns:
        Non-negative saliencies, same shape.

    Raises:
        InvalidValueError: If an argument is not two-dimensional, or the shapes differ.

    Examples:
        >>> import torch
        >>> pruning_saliency(torch.tensor([[0.25, 0.75]]), torch.tensor([[2.0, -4.0]]))
        tensor([[0.5000, 3.0000]])
    """
    _check_shapes(op_weights_EO=op_weights_EO, op_weight_grad_EO=op_weight_grad_EO)
    return (op_weights_EO * op_weight_grad_EO).abs()


def alpha_saliency(alphas_EO: Tensor, grad_EO: Tensor) -> Tensor:
    r"""Saliency of setting alpha to zero (FreeDARTS).

    :math:`|\alpha_{e,o}\, \partial L / \partial \alpha_{e,o}|`.

    Args:
        alphas_EO: Architecture parameters before the optimizer step. Shape (num_edges, num_ops).
        grad_EO: Gradient of the validation loss with respect to alpha, before weight decay,
            clipping and the optimizer step, AMP scale removed. Shape (num_edges, num_ops).

    Returns:
        Non-negative saliencies, same shape. They depend on where alpha has its zero, although
        adding a constant to a row of alpha leaves the supernet unchanged.

    Raises:
        InvalidValueError: If an argument is not two-dimensional, or the shapes differ.

    Examples:
        >>> import torch
        >>> alpha_saliency(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, -0.5]]))
        tensor([[0.5000, 1.0000]])
    """
    _check_shapes(alphas_EO=alphas_EO, grad_EO=grad_EO)
    return (alphas_EO * grad_EO).abs()


def _check_shapes(**tensors: Tensor) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if any(len(shape) != 2 for shape in shapes.values()) or len(set(shapes.values())) > 1:
        found = ', '.join(f'{name} {shape}' for name, shape in shapes.items())
        raise InvalidValueError(f'expected one shape (num_edges, num_ops), got {found}')
