"""Stop before skip connections take over: the rule of DARTS+."""

from collections.abc import Mapping
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.registry import STOP_RULES, nearest
from ostrdet.selection.stop_rules.base import KEY, EpochView, StopRule, Verdict, check_count
from ostrdet.spaces import SearchSpace

SKIP = 'skip_connect'


@STOP_RULES.register_module()
class TooManySkips(StopRule):
    """Stops when the cell of a criterion holds so many skip connections (DARTS+, criterion 1).

    Epochs in which alpha rests are not judged.

    Args:
        skips: Number of skip connections that ends the search; DARTS+ has 2.
        criterion: Whose cell is judged. That of the magnitude is what the rule was made for, whichever
            criterion decides.
        cell: The cell type; None for the first one of the space, such as the normal cell.

    Raises:
        InvalidValueError: If ``skips`` is not positive.
    """

    def __init__(
        self, skips: int = 2, criterion: str = 'Magnitude', cell: str | None = None
    ) -> None:
        check_count('TooManySkips', skips=skips)
        self.skips, self.criterion, self.cell = skips, criterion, cell
        self.found = 0

    def check(self, space: SearchSpace, criteria: Mapping[str, Any], is_one_level: bool) -> None:
        """As in :class:`StopRule`; the space has skip connections, and the criterion is computed."""
        super().check(space, criteria, is_one_level)
        if SKIP not in space.ops:
            raise InvalidValueError(
                f"{KEY}: TooManySkips counts '{SKIP}', which is not in space.ops="
                f'{list(space.ops)}; leave the rule out'
            )
        if self.cell is not None and self.cell not in space.cells:
            raise InvalidValueError(
                f"{KEY}: TooManySkips.cell='{self.cell}'. {nearest(self.cell, space.cells)}"
            )
        if self.criterion not in criteria:
            raise InvalidValueError(
                f"{KEY}: TooManySkips.criterion='{self.criterion}' is not computed in this search; add "
                f'it to default_hooks.selector.compare. {nearest(self.criterion, criteria)}'
            )

    def observe(self, view: EpochView) -> None:
        """As in :class:`StopRule`."""
        genotype = view.genotypes.get(self.criterion)
        self.found = 0
        if view.has_moved and genotype is not None:
            cell = genotype.cells[self.cell or next(iter(view.state.alphas))]
            self.found = sum(op == SKIP for node in cell.nodes for op, _ in node)

    def verdict(self) -> Verdict | None:
        """As in :class:`StopRule`."""
        if self.found < self.skips:
            return None
        return Verdict(f'the cell by {self.criterion} has {self.found} skip connections')

    def state_dict(self) -> dict[str, Any]:
        """The number that was found last."""
        return {'found': self.found}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it back."""
        self.found = state['found']
