"""How clear an edge is that a search may decide: importance, certainty and stability (SGAS)."""

import torch
from torch import Tensor


def importance(alphas_EO: Tensor, none_EO: Tensor) -> Tensor:
    """The weight of all candidates but 'none', shape (E,).

    Args:
        alphas_EO: Minus infinity where an edge lacks a candidate.
        none_EO: Which candidates are 'none', bool.
    """
    return alphas_EO.softmax(dim=-1).masked_fill(none_EO, 0.0).sum(dim=-1)


def shares(alphas_EO: Tensor, none_EO: Tensor) -> Tensor:
    """The softmax of alpha among the candidates but 'none', shape (E, O); arguments as in :func:`importance`."""
    return alphas_EO.masked_fill(none_EO, -torch.inf).softmax(dim=-1)


def certainty(shares_EO: Tensor) -> Tensor:
    """1 less the entropy over its highest value, shape (E,); 1 for a candidate that is alone.

    Args:
        shares_EO: As :func:`shares` returns; 0 is no candidate.

    Examples:
        >>> certainty(torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])).tolist()
        [0.0, 1.0]
    """
    entropy_E = torch.special.entr(shares_EO).sum(dim=-1)
    most_E = (shares_EO > 0).sum(dim=-1).clamp_min(2).log()
    return 1 - entropy_E / most_E


def stability(shares_EO: Tensor, history_HEO: Tensor) -> Tensor:
    """The mean overlap of shares with earlier ones, sum_o min(q, q'), shape (E,); 0 without any.

    Examples:
        >>> stability(torch.tensor([[0.5, 0.5]]), torch.tensor([[[1.0, 0.0]], [[0.5, 0.5]]])).tolist()
        [0.75]
    """
    if not len(history_HEO):
        return torch.zeros_like(shares_EO[:, 0])
    return torch.minimum(shares_EO, history_HEO).sum(dim=-1).mean(dim=0)


def normalized(values_E: Tensor) -> Tensor:
    """Values from 0 for the lowest to 1 for the highest; all 0 if they are equal.

    Examples:
        >>> normalized(torch.tensor([1.0, 3.0, 2.0])).tolist()
        [0.0, 1.0, 0.5]
    """
    low, high = values_E.aminmax()
    return (values_E - low) / (high - low) if high > low else torch.zeros_like(values_E)
