"""Small constant tensors, made once: to make one on a GPU waits for it, and no CUDA graph can hold that."""

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=2**14)  # of draws there are many; a graph reads its own for ever, some hundreds
def constant(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """``values`` as a tensor, shape (K,), shared by all who ask for it: not to be changed."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)


def pick(weights_K: Tensor, indices: list[int]) -> Tensor:
    """``weights_K[indices]``, shape (K, ...), by an index that is already where the weights are."""
    return weights_K[constant(tuple(indices), torch.long, weights_K.device)]
