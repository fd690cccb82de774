"""Shapley values from permutations of players: marginals, their summary, and how scores are standardised."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def marginals(
    whole: float, leave: Callable[[int], float], order: Sequence[int], floor: float
) -> Tensor:
    """What the value falls by as players leave in an order; NaN for those that it does not reach.

    Args:
        whole: The value with all players.
        leave: Takes a player out and returns the value then.
        order: All players, from 0.
        floor: The player at which the value falls below this is the last.

    Returns:
        Shape (P,), float64.

    Examples:
        >>> marginals(10.0, [4.0, 9.0, 0.0].__getitem__, [1, 0, 2], 5.0).tolist()
        [5.0, 1.0, nan]
    """
    found_P = torch.full((len(order),), torch.nan, dtype=torch.float64)
    before = whole
    for player in order:
        after = leave(player)
        found_P[player], before = before - after, after
        if after < floor:
            break
    return found_P


def mean_less_deviation(draws_SP: Tensor, unvisited: str = 'left_out') -> Tensor:
    """Mean less standard deviation of the marginals of every player, with S in the denominator of the variance.

    Args:
        draws_SP: A row for every permutation; NaN where it did not reach a player.
        unvisited: Whether those are 'left_out' or 'zero'.

    Returns:
        Shape (P,); NaN for a player that no permutation reached, if left out.

    Examples:
        >>> mean_less_deviation(torch.tensor([[3.0, torch.nan], [1.0, 2.0]])).tolist()
        [1.0, 2.0]
    """
    if unvisited == 'zero':
        draws_SP = draws_SP.nan_to_num(nan=0.0)
    mean_P = draws_SP.nanmean(dim=0)
    return mean_P - (draws_SP - mean_P).square().nanmean(dim=0).sqrt()


def standardized(values_P: Tensor) -> Tensor:
    """Values less their mean, over their standard deviation (N - 1).

    Those that are NaN become 0, the mean, and count for nothing; so do all where they are equal or one.
    """
    known = ~values_P.isnan()
    found_P = torch.zeros_like(values_P)
    if known.sum() > 1 and (deviation := values_P[known].std()) > 0:
        found_P[known] = (values_P[known] - values_P[known].mean()) / deviation
    return found_P
