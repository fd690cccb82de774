"""Stop once the ranks of the operations that learn have settled: criterion 1* of DARTS+."""

from collections.abc import Mapping, Sequence
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.registry import STOP_RULES
from ostrdet.selection.stop_rules.base import KEY, EpochView, StopRule, Verdict, check_count
from ostrdet.spaces import SearchSpace

#: Beginnings of the names of operations without parameters.
FREE = ('none', 'skip_connect', 'noise', 'max_pool', 'avg_pool')


@STOP_RULES.register_module()
class StableRanks(StopRule):
    """Stops when on every edge the order of alpha stayed the same for so many epochs.

    Only epochs in which alpha moved count. Equal alphas rank in the order of ``space.ops``.

    Args:
        epochs: Number of those epochs; DARTS+ has 10.
        ops: The operations that are ranked; None for those with parameters, as in DARTS+.

    Raises:
        InvalidValueError: If ``epochs`` is not positive.
    """

    def __init__(self, epochs: int = 10, ops: Sequence[str] | None = None) -> None:
        check_count('StableRanks', epochs=epochs)
        self.epochs, self.ops = epochs, ops
        self.columns: dict[str, list[list[int]]] = {}
        self.ranks: dict[str, list[list[int]]] = {}
        self.stable_epochs = 0

    def check(self, space: SearchSpace, criteria: Mapping[str, Any], is_one_level: bool) -> None:
        """As in :class:`StopRule`; some edge has two operations to rank."""
        super().check(space, criteria, is_one_level)
        ranked = self.ops or [op for op in space.ops if not op.startswith(FREE)]
        self.columns = {
            name: [
                [space.ops.index(op) for op in space.ops_of(name, edge) if op in ranked]
                for edge in range(len(spec.edges))
            ]
            for name, spec in space.cells.items()
        }
        if all(len(row) < 2 for rows in self.columns.values() for row in rows):
            raise InvalidValueError(
                f'{KEY}: StableRanks finds no edge with two operations to rank, of {list(ranked)}; '
                'name some in its ops, or leave the rule out'
            )

    def observe(self, view: EpochView) -> None:
        """As in :class:`StopRule`."""
        before, self.ranks = self.ranks, {}
        for name, alpha_EO in view.state.alphas.items():
            rows = zip(alpha_EO.tolist(), self.columns[name], strict=True)
            self.ranks[name] = [_ranked(row, columns) for row, columns in rows]
        same = view.has_moved and before == self.ranks
        self.stable_epochs = self.stable_epochs + 1 if same else 0

    def verdict(self) -> Verdict | None:
        """As in :class:`StopRule`."""
        if self.stable_epochs < self.epochs:
            return None
        return Verdict(f'the ranks of alpha stayed the same for {self.stable_epochs} epochs')

    def state_dict(self) -> dict[str, Any]:
        """The last ranks, and the count."""
        return {'ranks': self.ranks, 'stable_epochs': self.stable_epochs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them back."""
        self.ranks, self.stable_epochs = state['ranks'], state['stable_epochs']


def _ranked(row: Sequence[float], columns: Sequence[int]) -> list[int]:
    """The columns by falling value; sorting keeps the order of equal ones."""
    return sorted(columns, key=lambda column: -row[column])
