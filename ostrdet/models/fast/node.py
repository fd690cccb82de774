"""The sum over all candidates of all edges that end in a node."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from torch import Tensor, nn

from ostrdet.kernels.batch_norm import is_plain_norm
from ostrdet.kernels.channels_last import merge_phases
from ostrdet.kernels.constants import pick
from ostrdet.kernels.folding import folded_relu, folded_sum
from ostrdet.kernels.weighted_sum import weighted_sum
from ostrdet.models.fast.branch import Branch, is_branch
from ostrdet.models.fast.source import POOLS, Source, is_watched, layers_of
from ostrdet.models.ops import Zero


class Term(NamedTuple):
    """A feature (N, C, H, W), and the index of its weight."""

    weight: int
    feature: Tensor


def mix_node(weights_K: Tensor, edges: Iterable[tuple[Source, int]]) -> Tensor:
    """sum_e sum_o w_eo o(x_e), shape (N, C, H, W).

    Args:
        weights_K: Weights of all candidates of all edges in a row.
        edges: What each edge reads, and its index.
    """
    edges, terms, branches, parts = list(edges), [], [], []
    for source, edge in edges:
        if (shared := source.shared_sums.get(edge)) is not None:
            parts.append(shared)
        for index, op in source.others(edge):
            part = _part(index, op, source)
            if isinstance(part, Branch):
                branches.append(part)
            elif part is not None:
                terms.append(part)
    parts += _sums(weights_K, branches)
    if terms:
        chosen = pick(weights_K, [term.weight for term in terms])
        parts.append(weighted_sum(chosen, [term.feature for term in terms]))
    if not parts:  # all are Zero
        source, edge = edges[0]
        parts = [op(source.state) for _, op in source.others(edge)][:1]
    total: Tensor = sum(parts[1:], start=parts[0])
    return total


def _part(weight: int, op: nn.Module, source: Source) -> Term | Branch | None:
    """How a candidate takes part; what the engine does not know is called as it is."""
    if isinstance(op, Zero):
        return None
    layers = list(layers_of(op))
    if is_watched(op):
        return Term(weight, op(source.state))
    if len(layers) == 1 and type(layers[0]) is nn.Identity:
        return Term(weight, source.state)
    if type(layers[0]) in POOLS:
        if len(layers) == 1:
            return Term(weight, source.pooled(layers[0]))
        if len(layers) == 2 and is_plain_norm(layers[1]):
            pool, norm = layers
            return Term(weight, source.normalized_pool(pool, norm))
    return Branch(weight, layers, source) if is_branch(layers) else Term(weight, op(source.state))


def _sums(weights_K: Tensor, branches: Sequence[Branch]) -> Iterator[Tensor]:
    """The weighted sums of branches of one shape, as images."""
    for branch in branches:
        branch.advance()
    while inner := [branch for branch in branches if not branch.is_last]:
        for group in _groups(inner):
            outputs = folded_relu([branch.stop() for branch in group])
            for branch, output in zip(group, outputs, strict=True):
                branch.go_on(output)
                branch.advance()
    for group in _groups(branches):
        chosen = pick(weights_K, [branch.weight for branch in group])
        total = folded_sum(chosen, [branch.stop() for branch in group])
        yield merge_phases(total) if group[0].in_phases else total


def _groups(branches: Iterable[Branch]) -> Iterator[list[Branch]]:
    """Branches whose next stops can be computed together."""
    groups: defaultdict[object, list[Branch]] = defaultdict(list)
    for branch in branches:
        groups[branch.x.shape, branch.width, branch.in_phases].append(branch)
    yield from groups.values()
