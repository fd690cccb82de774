"""Wider layers from narrower ones: what progressive DrNAS does between its stages.

A layer that grows keeps its channels where they were, and the new ones are copies of some of the old,
drawn at random. All layers of an edge copy the same ones. Nothing is divided by the number of copies, as
in the reference, so the function of the network changes.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.mixed_ops import MixedOp
from ostrdet.models.ops import FactorizedReduce

#: By dimension of a tensor, the old index of every new one; None where nothing grows.
Growth = Sequence[Tensor | None]


def growth(network: nn.Module, old: Mapping[str, Tensor], seed: int) -> dict[str, Growth]:
    """How every parameter and buffer of ``network`` grows out of the old one.

    Args:
        network: The wider network; it may lack parts of the old one.
        old: Parameters and buffers of the narrower one, by name.
        seed: Of the copies.

    Raises:
        InvalidValueError: If the old network lacks a part, or a part would shrink.
    """
    generator = torch.Generator().manual_seed(seed)
    halved = {m.norm for m in network.modules() if isinstance(m, FactorizedReduce)}
    picks: dict[tuple[int, int], Tensor] = {}
    found: dict[str, Growth] = {}
    for prefix, module in network.named_modules():
        if isinstance(module, MixedOp):
            picks = {}
        parts = 2 if module in halved else 1
        own = {
            **dict(module.named_parameters(recurse=False)),
            **dict(module.named_buffers(recurse=False)),
        }
        for name, value in own.items():
            key = f'{prefix}.{name}' if prefix else name
            sizes = _sizes(key, old, value)
            found[key] = [_index(before, after, parts, picks, generator) for before, after in sizes]
    return found


def grown(value: Tensor, indices: Growth) -> Tensor:
    """A tensor in the wider network, of the values that it had in the narrower one."""
    for dim, index in enumerate(indices):
        if index is not None:
            value = value.index_select(dim, index.to(value.device))
    return value


def _sizes(key: str, old: Mapping[str, Tensor], value: Tensor) -> list[tuple[int, int]]:
    if key not in old:
        raise InvalidValueError(
            f"carry: the stage before has no '{key}', so its weights don't fit; keep the supernet as it "
            'is but for fewer candidates and a smaller mixed_op.k'
        )
    shape = old[key].shape
    if len(shape) != value.ndim or any(a < b for a, b in zip(value.shape, shape, strict=True)):
        raise InvalidValueError(
            f"carry: '{key}' has the shape {tuple(shape)} in the stage before, expected at most "
            f'{tuple(value.shape)}, as layers grow; make mixed_op.k smaller, not larger'
        )
    return list(zip(shape, value.shape, strict=True))


def _index(
    before: int,
    after: int,
    parts: int,
    picks: dict[tuple[int, int], Tensor],
    generator: Generator,
) -> Tensor | None:
    """The old index of every new one; a concatenation grows in each of its ``parts``."""
    if before == after:
        return None
    few, many = before // parts, after // parts
    if (few, many) not in picks:
        copies = torch.randint(few, (many - few,), generator=generator)
        picks[few, many] = torch.cat([torch.arange(few), copies])
    return torch.cat([picks[few, many] + part * few for part in range(parts)])
