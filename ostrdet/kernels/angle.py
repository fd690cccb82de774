"""The angle between two vectors, from their inner products."""

import math

from torch import Tensor


def products(start: Tensor, now: Tensor) -> Tensor:
    """<v0, v>, <v0, v0> and <v, v> of two tensors of one shape, float64 on the CPU, shape (3,).

    Those of longer vectors, and of vectors in which parts are repeated, are sums of these.
    """
    first, second = start.detach().double().flatten(), now.detach().double().flatten()
    second = second.to(first.device)
    pairs = ((first, second), (first, first), (second, second))
    return first.new_tensor([float(a @ b) for a, b in pairs]).cpu()


def angle(products_3: Tensor) -> float:
    """``arccos(<v0, v> / (|v0| |v|))`` in radians, in [0, pi]; 0 where one of the vectors is.

    Args:
        products_3: As :func:`products` gives them.

    Examples:
        >>> import torch
        >>> round(angle(products(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]))), 4)
        0.7854
    """
    both, first, second = products_3.tolist()
    length = math.sqrt(first * second)
    return math.acos(max(-1.0, min(1.0, both / length))) if length else 0.0
