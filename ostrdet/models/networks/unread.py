"""What no output of a derived network depends on: only 'none' and 'noise' read it, or nothing."""

from collections.abc import Collection, Iterator, Sequence

from torch import nn

from ostrdet.models.networks.cell import Cell
from ostrdet.models.networks.skeleton import Skeleton
from ostrdet.models.ops import Noise, Zero
from ostrdet.structures import Edge


def nodes_read(wiring: Sequence[Edge], cut: Sequence[bool], output: Collection[int]) -> set[int]:
    """The nodes of a cell, inputs included, on which its output depends.

    Args:
        wiring: Its edges.
        cut: Whether each of them reads nothing, as 'none'.
        output: The nodes that it puts out.

    Examples:
        >>> sorted(nodes_read([Edge(0, 1), Edge(0, 2), Edge(1, 2)], [False, False, True], [2]))
        [0, 2]
    """
    read = set(output)
    backwards = sorted(zip(wiring, cut, strict=True), key=lambda pair: -pair[0].target)
    for edge, is_cut in backwards:
        if edge.target in read and not is_cut:
            read.add(edge.source)
    return read


def unread_parts(skeleton: Skeleton, wanted: Collection[int]) -> Iterator[nn.Module]:
    """The modules of ``skeleton`` on which none of the layers ``wanted`` depends.

    Where a stem hands over several states, one of them that is read keeps the whole stem.
    """
    states = len(skeleton.plan.stem.outputs)
    read = set(wanted)  # layers from 0, and the states of the stem before them
    last = len(skeleton.layers) - 1
    if last not in read:
        yield skeleton.tail
    for index in range(last, -1, -1):
        layer = skeleton.layers[index]
        if index not in read:
            yield layer
        elif isinstance(layer, Cell):
            nodes = _nodes_read(layer)
            read |= {index - states + node for node in nodes if node < len(layer.preprocess)}
            yield from _unread_in(layer, nodes)
        else:  # a block reads the newest state
            read.add(index - 1)
    if min(read) >= 0:
        yield skeleton.stem


def _nodes_read(cell: Cell) -> set[int]:
    cut = [isinstance(edge, Zero | Noise) for edge in cell.edges]
    return nodes_read(cell.wiring, cut, cell.output)


def _unread_in(cell: Cell, nodes: Collection[int]) -> Iterator[nn.Module]:
    yield from (align for node, align in enumerate(cell.preprocess) if node not in nodes)
    for edge, module in zip(cell.wiring, cell.edges, strict=True):
        if edge.target not in nodes:
            yield module
