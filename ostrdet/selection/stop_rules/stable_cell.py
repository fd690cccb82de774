"""Stop once the selected cell has settled: E_s of the paper."""

from collections.abc import Mapping
from typing import Any

from ostrdet.registry import STOP_RULES
from ostrdet.selection.stop_rules.base import EpochView, StopRule, Verdict, check_count


@STOP_RULES.register_module()
class StableCell(StopRule):
    """Stops when the genotype stayed the same for so many epochs in which alpha moved.

    Args:
        patience: Number of those epochs.

    Raises:
        InvalidValueError: If it is not positive.
    """

    def __init__(self, patience: int) -> None:
        check_count('StableCell', patience=patience)
        self.patience, self.stable_epochs = patience, 0

    def observe(self, view: EpochView) -> None:
        """As in :class:`StopRule`."""
        self.stable_epochs = view.stable_epochs

    def verdict(self) -> Verdict | None:
        """As in :class:`StopRule`."""
        if self.stable_epochs < self.patience:
            return None
        return Verdict(f'the genotype is stable for {self.stable_epochs} epochs')

    def state_dict(self) -> dict[str, Any]:
        """The count."""
        return {'stable_epochs': self.stable_epochs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it back."""
        self.stable_epochs = state['stable_epochs']
