"""The NASNet space, for the published cells that are older than DARTS."""

from dataclasses import dataclass
from typing import ClassVar

from ostrdet.registry import SPACES
from ostrdet.spaces.darts import DARTS_OPS, DARTSSpace


@SPACES.register_module()
@dataclass(frozen=True)
class NASNetSpace(DARTSSpace):
    """Cells of NASNet-A and AmoebaNet-A in the skeleton of DARTS: five nodes, larger kernels.

    Their cells may read a node twice, and concatenate only the nodes that nobody else reads; how
    many is a fact of the genotype.
    """

    ops: tuple[str, ...] = (*DARTS_OPS, 'sep_conv_7x7', 'conv_7x1_1x7')
    num_nodes: int = 5

    distinct_sources: ClassVar[bool] = False
