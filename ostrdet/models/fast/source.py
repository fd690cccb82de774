"""What all edges that leave a node share: its ReLU, its phases, and features without parameters."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.kernels.batch_norm import Centred, centre, normalize, update_running
from ostrdet.kernels.channels_last import even_phase, split_phases
from ostrdet.models.fast.shared import Candidate, is_convolution, shared_sums

POOLS = (nn.MaxPool2d, nn.AvgPool2d)
#: Elements of a state up to which convolutions are computed for all edges at once. Small ones cost by
#: the call; of large ones folding keeps no outputs, and so takes less memory.
SMALL = 2**17


def has_hooks(module: nn.Module) -> bool:
    """Whether ``module`` itself has hooks of any kind."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )


def layers_of(op: nn.Module) -> Iterator[Any]:
    """The layers of nested sequences in a row."""
    if type(op) is nn.Sequential:
        for layer in op:
            yield from layers_of(layer)
    else:
        yield op


def is_watched(op: nn.Module) -> bool:
    """Whether an operation or one of its layers has hooks."""
    return any(has_hooks(module) for module in (op, *layers_of(op)))


class Source:
    """A state of a cell, and what its outgoing edges compute alike, computed at first use.

    Args:
        state: Shape (N, C, H, W).
        leaving: By outgoing edge, its candidates and the indices of their weights.
        weights_K: Weights of all candidates of the cell.
    """

    def __init__(
        self,
        state: Tensor,
        leaving: Mapping[int, Sequence[tuple[int, nn.Module]]],
        weights_K: Tensor,
    ) -> None:
        self.state, self.leaving, self.weights_K = state, leaving, weights_K
        candidates = [
            Candidate(edge, index, list(layers_of(op)))
            for edge, ops in leaving.items()
            for index, op in ops
            if not is_watched(op)
        ]
        is_small = state.numel() <= SMALL
        self._convolutions = [c for c in candidates if is_small and is_convolution(c.layers)]
        # Alone they are not worth the matrix product
        self._features = [c for c in candidates if _is_feature(c)] if self._convolutions else []
        self._shared = {c.weight for c in (*self._convolutions, *self._features)}
        self._pools: dict[tuple[Any, ...], Tensor] = {}
        self._normalized: dict[tuple[Any, ...], tuple[Tensor, Tensor, Tensor]] = {}

    @cached_property
    def relu(self) -> Tensor:
        """ReLU of the state."""
        return F.relu(self.state)

    @cached_property
    def shared_sums(self) -> dict[int, Tensor]:
        """By edge, the weighted sum of the candidates that are computed for all edges at once."""
        if not self._shared:
            return {}
        groups: defaultdict[tuple[Any, ...], list[Candidate]] = defaultdict(list)
        for candidate in self._features:
            groups[_settings(candidate.layers[0])].append(candidate)
        features = [(self._feature(group[0].layers[0]), group) for group in groups.values()]
        return shared_sums(self.weights_K, self.relu, self._convolutions, features)

    def others(self, edge: int) -> Iterator[tuple[int, nn.Module]]:
        """The other candidates of an edge, and the indices of their weights."""
        yield from (each for each in self.leaving[edge] if each[0] not in self._shared)

    def _feature(self, layer: nn.Module) -> Tensor:
        return self.state if type(layer) is nn.Identity else self.pooled(layer)

    @cached_property
    def centred_relu(self) -> Centred:
        """:attr:`relu` less its mean."""
        return centre(self.relu)

    @cached_property
    def phases(self) -> Tensor:
        """The phases of :attr:`relu`, (4N, C, H/2, W/2)."""
        return split_phases(self.relu)

    @cached_property
    def even_phase(self) -> Tensor:
        """Every second pixel of :attr:`relu`."""
        return even_phase(self.relu)

    def pooled(self, pool: nn.Module) -> Tensor:
        """The pool of the state; shared by pools of the same settings."""
        key = _settings(pool)
        if key not in self._pools:
            self._pools[key] = pool(self.state)
        return self._pools[key]

    def normalized_pool(self, pool: nn.Module, norm: nn.BatchNorm2d) -> Tensor:
        """The pool normalised by the batch; ``norm`` has no affine, its statistics are updated."""
        key = (*_settings(pool), norm.eps)
        if key not in self._normalized:
            self._normalized[key] = normalize(self.pooled(pool), norm.eps)
        feature, mean_C, variance_C = self._normalized[key]
        update_running([norm], [mean_C], [variance_C])
        return feature


def _is_feature(candidate: Candidate) -> bool:
    return len(candidate.layers) == 1 and type(candidate.layers[0]) in (nn.Identity, *POOLS)


def _settings(layer: Any) -> tuple[Any, ...]:
    names = () if type(layer) is nn.Identity else layer.__constants__
    return (type(layer), *(str(getattr(layer, name)) for name in names))
