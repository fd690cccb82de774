"""What every search space offers: cells, candidate operations, and the skeleton around them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from ostrdet.errors import GenotypeError, InvalidValueError, UnknownNameError
from ostrdet.registry import nearest
from ostrdet.spaces.candidates import checked_candidates
from ostrdet.structures import CellSpec, FeatureSpec, Genotype, Layout, MacroPlan, StemPlan
from ostrdet.structures.text_formats import TEXT_FORMATS

#: The operation that stands for no connection.
NONE = 'none'


@dataclass(frozen=True)
class SearchSpace(ABC):
    """A search space; subclasses are frozen dataclasses whose fields are their config keys.

    Args:
        ops: Candidate operations of every edge, by registered name. Their order is the order of
            alpha's columns, and breaks ties.
        unselectable: Candidates that may carry weight during the search but are never chosen.
        candidates: By cell type, the candidates of every edge, in the order of ``CellSpec.edges``, each
            some of ``ops``; None for all of them everywhere. Alpha keeps its shape (E, O).

    Raises:
        InvalidValueError: If ``ops`` repeats a name or leaves nothing to choose; further what
            :func:`checked_candidates` raises.
    """

    ops: tuple[str, ...]
    unselectable: tuple[str, ...] = ()
    candidates: Any = field(default=None, hash=False, kw_only=True)

    #: Name of the text form of this space's genotypes.
    text_format: ClassVar[str] = 'darts'
    #: Operations that a BatchNorm without affine follows in the supernet (and only there).
    normalized_in_search: ClassVar[tuple[str, ...]] = ()
    #: Whether the edges that a node keeps must come from different nodes.
    distinct_sources: ClassVar[bool] = True
    #: Whether a derived node keeps any number of its edges, so that a derivation decides how many.
    variable_in_degree: ClassVar[bool] = False
    #: Whether every derived cell puts out the nodes of its spec, so that texts need not name them.
    fixed_output: ClassVar[bool] = False
    #: Registered stems that fit, and the states that each hands over: (multiple of C, stride).
    stems: ClassVar[Mapping[str, tuple[tuple[int, int], ...]]] = {}
    #: Published sizes of the derived network, by data set.
    layouts: ClassVar[Mapping[str, Layout]] = {}

    def __post_init__(self) -> None:
        for own in fields(self):  # configs hold lists
            object.__setattr__(self, own.name, _nested(tuple, getattr(self, own.name)))
        if len(set(self.ops)) != len(self.ops):
            raise InvalidValueError(
                f'space.ops repeats an operation: {list(self.ops)}; name each once'
            )
        if not self.selectable_ops:
            raise InvalidValueError(
                f'space.ops={list(self.ops)} leaves nothing to choose, since '
                f'{list(self.unselectable)} cannot be selected; add an operation'
            )
        if set(self.ops) == {NONE}:
            raise InvalidValueError(
                f"space.ops={list(self.ops)} lets nothing through, since '{NONE}' is zero; add an "
                'operation'
            )
        if self.candidates is not None:
            checked = checked_candidates(self.candidates, self.cells, self.ops, self.selectable_ops)
            object.__setattr__(self, 'candidates', checked)

    @property
    @abstractmethod
    def cells(self) -> dict[str, CellSpec]:
        """The searched cells by cell type; each type has its own alpha."""

    @abstractmethod
    def plan(
        self,
        stem: str,
        channels: int,
        num_cells: int,
        outputs: Mapping[str, int] | None = None,
    ) -> MacroPlan:
        """The macro skeleton.

        Args:
            stem: Registered type of the stem.
            channels: Channels C of the first cells.
            num_cells: Depth, as the space counts it.
            outputs: Number of concatenated nodes of each cell type, where it differs from the
                space's own (some published genotypes leave nodes out).
        """

    @property
    def selectable_ops(self) -> tuple[str, ...]:
        """The operations that a derived cell may hold, in declared order."""
        return tuple(op for op in self.ops if op not in self.unselectable)

    def ops_of(self, cell_type: str, edge: int) -> tuple[str, ...]:
        """The candidates of an edge, in declared order."""
        rows = (self.candidates or {}).get(cell_type)
        return self.ops if rows is None else tuple(op for op in self.ops if op in rows[edge])

    def selectable_ops_of(self, cell_type: str, edge: int) -> tuple[str, ...]:
        """The operations that a derived cell may hold on an edge, in declared order."""
        return tuple(op for op in self.ops_of(cell_type, edge) if op not in self.unselectable)

    def presence(self, cell_type: str) -> list[list[bool]]:
        """Which candidates the edges of a cell type have, (E, O)."""
        edges = range(len(self.cells[cell_type].edges))
        return [[op in self.ops_of(cell_type, edge) for op in self.ops] for edge in edges]

    def output_widths(self, outputs: Mapping[str, int] | None) -> dict[str, int]:
        """Number of concatenated nodes of each cell type; ``outputs`` as in :meth:`plan`."""
        own = {name: len(spec.output) for name, spec in self.cells.items()}
        return {**own, **(outputs or {})}

    def layout(self, name: str) -> Layout:
        """The published size called ``name``.

        Raises:
            UnknownNameError: If there is none; the nearest name is offered.
        """
        if name not in self.layouts:
            raise UnknownNameError(
                f"unknown layout '{name}' of {type(self).__name__}. {nearest(name, self.layouts)}"
            )
        return self.layouts[name]

    def stem_plan(self, stem: str, channels: int) -> StemPlan:
        """What ``stem`` hands to the first cell at C ``channels``.

        Raises:
            UnknownNameError: If the space does not know the stem; the nearest name is offered.
        """
        if stem not in self.stems:
            raise UnknownNameError(
                f"unknown stem '{stem}' of {type(self).__name__}. {nearest(stem, self.stems)}"
            )
        states = tuple(FeatureSpec(times * channels, size) for times, size in self.stems[stem])
        return StemPlan(stem, states)

    def to_config(self) -> dict[str, Any]:
        """The config that builds this space again: ``type`` and the keys that differ from it."""
        changed = {
            own.name: getattr(self, own.name)
            for own in fields(self)
            if own.default is MISSING or getattr(self, own.name) != own.default
        }
        plain = {name: _nested(list, value) for name, value in changed.items()}
        return {'type': type(self).__name__, **plain}

    def format(self, genotype: Genotype) -> str:
        """The genotype as one line of text, in this space's form."""
        return TEXT_FORMATS[self.text_format].format_cells(genotype.cells)

    def parse(self, text: str) -> Genotype:
        """Read a genotype of this space from text; nothing in it is executed.

        Raises:
            GenotypeError: If the text is malformed or holds what this space has not.
        """
        cells = TEXT_FORMATS[self.text_format].parse_cells(text, self.cells)
        genotype = Genotype(self.to_config(), cells)
        self.validate(genotype)
        return genotype

    def validate(self, genotype: Genotype) -> None:
        """Check that ``genotype`` is one of this space.

        Raises:
            GenotypeError: With the cell, the node, what was found and what the space expects.
        """
        if set(genotype.cells) != set(self.cells):
            raise GenotypeError(
                f'the genotype has the cells {sorted(genotype.cells)}, {type(self).__name__} has '
                f'{sorted(self.cells)}: it belongs to another space'
            )
        for name, spec in self.cells.items():
            self._validate_cell(name, spec, genotype)

    def _validate_cell(self, name: str, spec: CellSpec, genotype: Genotype) -> None:
        cell = genotype.cells[name]
        if len(cell.nodes) != spec.num_nodes:
            raise GenotypeError(
                f"cell '{name}' has {len(cell.nodes)} nodes, {type(self).__name__} has "
                f'{spec.num_nodes}'
            )
        self._validate_output(name, spec, cell.output)
        for node, edges in zip(spec.nodes, cell.nodes, strict=True):
            self._validate_node(name, spec, node, edges)

    def _validate_output(self, name: str, spec: CellSpec, output: tuple[int, ...]) -> None:
        found = f"cell '{name}' puts out the nodes {list(output)}"
        if self.fixed_output and output != spec.output:
            raise GenotypeError(f'{found}, expected {list(spec.output)}')
        allowed = sorted({*spec.nodes, *spec.output})
        if not output or len(set(output)) != len(output) or not set(output) <= set(allowed):
            raise GenotypeError(f'{found}, expected some of {allowed}, each once')

    def _validate_node(
        self, name: str, spec: CellSpec, node: int, edges: tuple[tuple[str, int], ...]
    ) -> None:
        where = f"cell '{name}', node {node}"
        self._validate_in_degree(where, spec.kept(node), len(edges))
        for op, source in edges:
            if op not in self.selectable_ops:
                raise GenotypeError(f"{where}: '{op}' {self._why_not(op)}")
            if not 0 <= source < node:
                raise GenotypeError(f'{where} reads node {source}, expected one of 0..{node - 1}')
            found = self.ops_of(name, spec.incoming(node)[source])
            if op not in found:
                raise GenotypeError(
                    f"{where}: '{op}' is no candidate of the edge from node {source}, which has "
                    f'{", ".join(found)}'
                )
        sources = [source for _, source in edges]
        if self.distinct_sources and len(set(sources)) != len(sources):
            raise GenotypeError(f'{where} reads a node twice: {sources}')

    def _validate_in_degree(self, where: str, expected: int, found: int) -> None:
        if found != expected:
            raise GenotypeError(f'{where} has {found} edges, expected {expected}')

    def _why_not(self, op: str) -> str:
        if op in self.unselectable:
            return f'is never selected in {type(self).__name__}'
        return f'is not an operation of {type(self).__name__}. {nearest(op, self.selectable_ops)}'


def _nested(kind: type[list[Any]] | type[tuple[Any, ...]], value: Any) -> Any:
    """``value`` with every list and tuple in it as ``kind``."""
    if isinstance(value, Mapping):
        return {key: _nested(kind, item) for key, item in value.items()}
    if not isinstance(value, list | tuple):
        return value
    return kind(_nested(kind, item) for item in value)
