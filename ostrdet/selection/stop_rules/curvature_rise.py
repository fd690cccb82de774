"""Stop when the validation loss turns sharp in alpha: DARTS-ES of RobustDARTS."""

from collections.abc import Mapping
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.registry import STOP_RULES
from ostrdet.selection.stop_rules.base import KEY, EpochView, StopRule, Verdict, check_count
from ostrdet.structures import Genotype


@STOP_RULES.register_module()
class CurvatureRise(StopRule):
    """Stops when the smoothed largest eigenvalue has risen, and returns the cell from before.

    The eigenvalue is that of the Hessian of the validation loss in alpha on one fixed minibatch, plus
    the weight decay of alpha. With its means over ``window`` measurements around each, the search
    ends as soon as the newest mean is more than ``factor`` times that of ``lag`` measurements before;
    it returns the genotype of the epoch around which the earlier mean is (Zela et al., ICLR 2020).

    Args:
        interval: Epochs from one measurement to the next, from epoch 0; the last epoch is measured too.
        factor: Rise that ends the search.
        first: Earliest epoch, from 0, whose genotype may be returned.
        window: Measurements of a mean, an odd number.
        lag: Measurements between the two means.

    Raises:
        InvalidValueError: If a number is out of its range.
    """

    needs_validation = True

    def __init__(
        self,
        interval: int = 2,
        factor: float = 1.3,
        first: int = 10,
        window: int = 5,
        lag: int = 4,
    ) -> None:
        check_count('CurvatureRise', interval=interval, window=window, lag=lag)
        if window % 2 == 0:
            raise InvalidValueError(f'{KEY}: CurvatureRise.window={window}, expected an odd number')
        if factor <= 1:
            raise InvalidValueError(f'{KEY}: CurvatureRise.factor={factor}, expected more than 1')
        self.interval, self.factor, self.first = interval, factor, first
        self.window, self.lag = window, lag
        self.epochs: list[int] = []
        self.eigenvalues: list[float] = []
        self.genotypes: list[Genotype | None] = []

    def observe(self, view: EpochView) -> None:
        """Measure, if it is time."""
        if view.epoch % self.interval == 0 or view.is_last:
            self.epochs.append(view.epoch)
            self.eigenvalues.append(view.curvature())
            self.genotypes.append(view.genotype)

    def verdict(self) -> Verdict | None:
        """As in :class:`StopRule`."""
        half = self.window // 2
        now = len(self.eigenvalues) - 1 - half
        before = now - self.lag
        if before < 0 or self.epochs[before] < self.first:
            return None
        earlier, newest = self._mean(before), self._mean(now)
        # Of a mean that is not positive no multiple says that the loss turned sharp
        if earlier <= 0 or newest / earlier <= self.factor:
            return None
        return Verdict(
            f'the curvature rose to {newest / earlier:.3f} of that of epoch {self.epochs[before]}, '
            'counted from 0, whose cell is returned',
            self.genotypes[before],
        )

    def _mean(self, centre: int) -> float:
        """The mean around a measurement; near the first one, of those that there are."""
        half = self.window // 2
        values = self.eigenvalues[max(0, centre - half) : centre + half + 1]
        return sum(values) / len(values)

    def state_dict(self) -> dict[str, Any]:
        """All measurements."""
        return {
            'epochs': list(self.epochs),
            'eigenvalues': list(self.eigenvalues),
            'genotypes': [found and found.to_dict() for found in self.genotypes],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take them back."""
        self.epochs, self.eigenvalues = list(state['epochs']), list(state['eigenvalues'])
        self.genotypes = [found and Genotype.from_dict(found) for found in state['genotypes']]
