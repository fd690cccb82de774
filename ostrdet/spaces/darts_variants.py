"""Spaces with the edges and the skeleton of DARTS, whose derived nodes keep more or fewer than two edges."""

from dataclasses import dataclass
from typing import ClassVar

from ostrdet.errors import GenotypeError
from ostrdet.registry import SPACES
from ostrdet.spaces.darts import DARTSSpace
from ostrdet.structures import CellSpec, Genotype, sparse_darts_text


@SPACES.register_module()
@dataclass(frozen=True)
class SparseDARTSSpace(DARTSSpace):
    """Cells of FairDARTS (Chu et al., ECCV 2020): a derived node keeps any number of its edges.

    A node without inputs is no state: no edge reads it, and it is no part of the output.
    """

    keep_edges: ClassVar[int | None] = None
    variable_in_degree: ClassVar[bool] = True
    text_format: ClassVar[str] = sparse_darts_text.NAME

    def _validate_in_degree(self, where: str, expected: int, found: int) -> None:
        """Any number is right; sources that are distinct are no more than there are."""

    def _validate_cell(self, name: str, spec: CellSpec, genotype: Genotype) -> None:
        super()._validate_cell(name, spec, genotype)
        cell = genotype.cells[name]
        dead = {node for node, edges in zip(spec.nodes, cell.nodes, strict=True) if not edges}
        mend = 'which has no inputs and so is no state; leave it out'
        for node, edges in zip(spec.nodes, cell.nodes, strict=True):
            for _, source in edges:
                if source in dead:
                    raise GenotypeError(f"cell '{name}', node {node} reads node {source}, {mend}")
        for node in cell.output:
            if node in dead:
                raise GenotypeError(f"cell '{name}' puts out node {node}, {mend}")


@SPACES.register_module()
@dataclass(frozen=True)
class DenseDARTSSpace(DARTSSpace):
    """Cells of SNAS (Xie et al., ICLR 2019): all edges stay, and 'none' may be chosen on any."""

    unselectable: tuple[str, ...] = ()

    keep_edges: ClassVar[int | None] = None
