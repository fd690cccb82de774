"""What all edges that leave a node compute alike, computed once for all of them.

Candidates ReLU-convolution-BatchNorm read the same ReLU, so their kernels stand in one convolution.
BatchNorm treats every channel by itself, so it takes their outputs side by side, with the weights of
the candidates as its scale. A feature without parameters, such as the identity, goes to B edges with
the weights w as the product of its rows of pixels and the matrix (w_1 1, ..., w_B 1).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.kernels.batch_norm import (
    as_images,
    as_rows,
    check_count,
    is_plain_norm,
    update_running,
)

CONVOLUTION = [nn.ReLU, nn.Conv2d, nn.BatchNorm2d]


class Candidate(NamedTuple):
    """An operation of an edge.

    Attributes:
        edge: Index of the edge in its cell.
        weight: Index of its weight.
        layers: What it consists of.
    """

    edge: int
    weight: int
    layers: Sequence[Any]


def is_convolution(layers: Sequence[Any]) -> bool:
    """Whether this is a ReLU, a convolution and a normalisation that can be computed with others."""
    if [type(layer) for layer in layers] != CONVOLUTION:
        return False
    _, conv, norm = layers
    is_plain = conv.bias is None and conv.groups == 1 and conv.padding_mode == 'zeros'
    return is_plain and is_plain_norm(norm)


def shared_sums(
    weights_K: Tensor,
    relu: Tensor,
    convolutions: Sequence[Candidate],
    features: Sequence[tuple[Tensor, Sequence[Candidate]]],
) -> dict[int, Tensor]:
    """The weighted sum of the shared candidates of every edge.

    Args:
        weights_K: Weights of all candidates of the cell, shape (K,).
        relu: What the convolutions read, (N, C, H, W).
        convolutions: See :func:`is_convolution`; their running statistics are updated.
        features: Features without parameters, (N, C', H', W'), and the candidates that they are.

    Returns:
        Features (N, C', H', W') by edge.

    Raises:
        InvalidValueError: If there is but one pixel, whose variance is undefined.
    """
    totals: dict[tuple[int, ...], Tensor] = {}
    for group in _groups(convolutions):
        edges, feature = _edges(group), _convolutions(weights_K, relu, group)
        totals[edges] = totals[edges] + feature if edges in totals else feature
    for feature, candidates in features:
        edges = _edges(candidates)
        totals[edges] = _add_feature(totals.get(edges), feature, _weights(weights_K, candidates))
    sums: dict[int, Tensor] = {}
    for edges, total in totals.items():
        for edge, part in zip(edges, total.chunk(len(edges), dim=1), strict=True):
            sums[edge] = sums[edge] + part if edge in sums else part
    return sums


def _groups(convolutions: Sequence[Candidate]) -> list[list[Candidate]]:
    """Convolutions of one kind."""
    groups: defaultdict[tuple[Any, ...], list[Candidate]] = defaultdict(list)
    for candidate in convolutions:
        _, conv, norm = candidate.layers
        kind = (conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.out_channels)
        groups[*kind, norm.eps].append(candidate)
    return list(groups.values())


def _edges(group: Sequence[Candidate]) -> tuple[int, ...]:
    return tuple(candidate.edge for candidate in group)


def _weights(weights_K: Tensor, group: Sequence[Candidate]) -> Tensor:
    """Shape (B,)."""
    first, step = group[0].weight, group[-1].weight - group[0].weight
    if step and len(group) > 1 and step % (len(group) - 1) == 0:
        step //= len(group) - 1
        if [c.weight for c in group] == list(range(first, group[-1].weight + 1, step)):
            return weights_K[first : group[-1].weight + 1 : step]  # a view: no index tensor
    return torch.stack([weights_K[candidate.weight] for candidate in group])


def _convolutions(weights_K: Tensor, relu: Tensor, group: Sequence[Candidate]) -> Tensor:
    """The weighted outputs of convolutions of one kind side by side, (N, B C', H', W')."""
    convs, norms = zip(*((conv, norm) for _, conv, norm in (c.layers for c in group)), strict=True)
    outputs = _convolve(relu, torch.cat([conv.weight for conv in convs]), convs[0])
    check_count(outputs)
    scale = _weights(weights_K, group).repeat_interleave(convs[0].out_channels)
    stats = outputs.new_zeros(2, len(scale))
    # With momentum 1 the running statistics are those of the batch
    mixed = F.batch_norm(outputs, stats[0], stats[1], scale, None, True, 1.0, norms[0].eps)
    means, variances = stats.view(2, len(group), -1).unbind()
    update_running(norms, means.unbind(), variances.unbind())
    return mixed


def _convolve(x: Tensor, kernel: Tensor, like: nn.Conv2d) -> Tensor:
    """``x`` convolved with ``kernel``, by the settings of ``like``."""
    is_pointwise = (kernel.shape[2:], like.stride, like.padding) == ((1, 1), (1, 1), (0, 0))
    if is_pointwise and x.is_contiguous(memory_format=torch.channels_last):
        return as_images(as_rows(x) @ kernel.flatten(1).t(), x.shape)  # half the time
    return F.conv2d(x, kernel, None, like.stride, like.padding, like.dilation)


def _add_feature(total: Tensor | None, x: Tensor, weights_B: Tensor) -> Tensor:
    """Add w_b x to the b-th part of ``total``, (N, B C, H, W)."""
    ones = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    matrix = (weights_B[:, None, None] * ones).flatten(0, 1).t()
    if total is None:
        return as_images(as_rows(x) @ matrix, x.shape)
    return as_images(torch.addmm(as_rows(total), as_rows(x), matrix), x.shape)
