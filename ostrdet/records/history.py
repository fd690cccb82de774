"""What a search has done so far: its trajectory and the facts of the run, read from the work dir."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ostrdet.models.ops.op_kinds import op_kind
from ostrdet.records.files import TRAJECTORY
from ostrdet.records.fronts import read_fronts
from ostrdet.records.run_facts import RunFacts, read_run_facts
from ostrdet.records.trajectory import read_lines
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype
from ostrdet.structures.budget_front import FrontPoint

BASELINE = 'Magnitude'


@dataclass(frozen=True)
class SearchHistory:
    """A search up to its last finished epoch.

    Attributes:
        facts: What the run is.
        lines: The lines of ``trajectory.jsonl``, at least one.
        fronts: What every budget chooses, see :func:`~ostrdet.records.fronts.read_fronts`.
    """

    facts: RunFacts
    lines: Sequence[Mapping[str, Any]]
    fronts: Mapping[str, Sequence[FrontPoint]] = field(default_factory=dict)

    @cached_property
    def space(self) -> SearchSpace:
        """The search space."""
        return build_space(self.facts.space)

    @cached_property
    def op_kinds(self) -> Mapping[str, str]:
        """What every operation is; see :func:`~ostrdet.models.ops.op_kinds.op_kind`."""
        return self.facts.op_kinds or {op: op_kind(op) for op in self.space.ops}

    @cached_property
    def epochs(self) -> np.ndarray:
        """The numbers of the epochs, from 1. Shape (T,)."""
        return np.array([line['epoch'] for line in self.lines])

    @property
    def criteria(self) -> list[str]:
        """The criteria that were evaluated, the deciding one first."""
        names = dict.fromkeys((self.facts.criterion, *self.lines[-1]['scores']))
        return [name for name in names if name in self.lines[-1]['scores']]

    @property
    def rival(self) -> str | None:
        """The criterion to compare the deciding one with: the magnitude, if that does not decide."""
        others = [name for name in self.criteria if name != self.facts.criterion]
        return BASELINE if BASELINE in others else next(iter(others), None)

    @cached_property
    def genotypes(self) -> Mapping[str, Sequence[Genotype | None]]:
        """By criterion, the genotype of every epoch."""
        return {
            name: [self._parse(line['genotypes'].get(name)) for line in self.lines]
            for name in self.criteria
        }

    def values(self, key: str, cell: str, criterion: str | None = None) -> np.ndarray:
        """A quantity of every edge and operation over the epochs.

        Args:
            key: 'alphas', 'op_weights' or 'scores'.
            cell: Cell type.
            criterion: Whose scores.

        Returns:
            Shape (T, E, O); NaN in epochs without, and for scores of candidates that an edge lacks.
        """
        spec = self.space.cells[cell]
        missing = np.full((len(spec.edges), len(self.space.ops)), np.nan)
        found = [
            line[key] if criterion is None else line[key].get(criterion) for line in self.lines
        ]
        values = np.stack([missing if rows is None else np.array(rows[cell]) for rows in found])
        if key == 'scores' and self.space.candidates is not None:
            values[:, ~np.array(self.space.presence(cell))] = np.nan
        return values

    def scalars(self, key: str, name: str | None = None) -> np.ndarray:
        """A number of every epoch, or the one called ``name`` of a mapping; NaN where there is none."""
        found = [line.get(key) for line in self.lines]
        if name is not None:
            found = [(value or {}).get(name) for value in found]
        return np.array([np.nan if value is None else value for value in found], dtype=float)

    def _parse(self, text: str | None) -> Genotype | None:
        return None if text is None else self.space.parse(text)


def read_history(work_dir: str | Path) -> SearchHistory:
    """Read the work dir of a search; a last line that a crash tore off is left out.

    Raises:
        FileNotFoundError: If it holds no search, or one that has finished no epoch yet.
        InvalidValueError: If a file is damaged.
    """
    path = Path(work_dir) / TRAJECTORY
    lines = read_lines(path) if path.is_file() else []
    if not lines:
        raise FileNotFoundError(
            f"there is no epoch in '{path}': give the work dir of a search, after its first epoch"
        )
    folder = Path(work_dir)
    return SearchHistory(read_run_facts(folder), lines, read_fronts(folder))
