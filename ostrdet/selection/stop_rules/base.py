"""When a search ends before its last epoch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.spaces import SearchSpace
from ostrdet.structures import ArchState, Genotype
from ostrdet.structures.integers import is_integer

KEY = 'default_hooks.selector.stop'


@dataclass(frozen=True)
class EpochView:
    """What a rule may know at the end of an epoch.

    Attributes:
        epoch: The epoch, counted from 0 as the papers do.
        is_last: Whether it is the last one.
        has_moved: Whether alpha moved in it.
        state: Alpha and its weights without a draw.
        genotypes: By criterion, what it selects now; None where it selects nothing.
        chosen: The criterion that decides.
        stable_epochs: Epochs since its genotype last changed.
        curvature: Computes the largest eigenvalue of the Hessian of the validation loss in alpha.
    """

    epoch: int
    is_last: bool
    has_moved: bool
    state: ArchState
    genotypes: Mapping[str, Genotype | None]
    chosen: str
    stable_epochs: int
    curvature: Callable[[], float]

    @property
    def genotype(self) -> Genotype | None:
        """What the deciding criterion selects now."""
        return self.genotypes.get(self.chosen)


@dataclass(frozen=True)
class Verdict:
    """Why a search ends, and with which genotype.

    Attributes:
        reason: One sentence for the log.
        genotype: That of an earlier epoch; None for the last one.
    """

    reason: str
    genotype: Genotype | None = None


class StopRule(ABC):
    """Looks at every epoch; its state is part of the checkpoint."""

    #: Whether it needs a half of the data that trains the architecture alone.
    needs_validation = False

    def check(self, space: SearchSpace, criteria: Mapping[str, Any], is_one_level: bool) -> None:
        """Refuse a search that can't feed this rule.

        Args:
            space: The search space.
            criteria: Criteria of the search by name.
            is_one_level: Whether weights and architecture share their batches.

        Raises:
            InvalidValueError: If it can't.
        """
        if self.needs_validation and is_one_level:
            raise InvalidValueError(
                f'{KEY}: {type(self).__name__} measures the loss of the half that trains the '
                'architecture, which a search on one level has not; leave it out, or use '
                'train_cfg.portions=(0.5, 0.5)'
            )

    @abstractmethod
    def observe(self, view: EpochView) -> None:
        """Take in the end of an epoch."""

    @abstractmethod
    def verdict(self) -> Verdict | None:
        """Whether what was observed ends the search."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Plain values."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them back."""


def check_count(rule: str, **counts: Any) -> None:
    """Check that arguments are integers from 1.

    Raises:
        InvalidValueError: If one is not.
    """
    for name, value in counts.items():
        if not is_integer(value) or value < 1:
            raise InvalidValueError(f'{KEY}: {rule}.{name}={value!r}, expected an integer from 1')
