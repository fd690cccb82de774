"""Criteria of the second order, which the paper names as future work."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import CRITERIA
from ostrdet.selection.base import Criterion, MinibatchMean
from ostrdet.selection.functional import first_order_change
from ostrdet.selection.second_order import pair_curvature
from ostrdet.structures import ArchState, ArchStep

CHANGE = 'the change of the validation loss if an edge used this operation alone,'


class FirstOrderMean(MinibatchMean):
    """Mean over minibatches of phi', with its sign; see :func:`first_order_change`."""

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return first_order_change(step.state.op_weights[cell_type], step.op_weight_grads[cell_type])


class CurvatureMean(MinibatchMean):
    """Mean of phi'' over the minibatches with an estimate of it; see :func:`pair_curvature`.

    Args:
        estimate: Its name.
    """

    def __init__(self, estimate: str) -> None:
        super().__init__()
        self.estimate: str = estimate

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        left_EO, right_EO = step.pairs[self.estimate][cell_type]
        return pair_curvature(step.state.op_weights[cell_type], left_EO, right_EO)


class SecondOrder(Criterion):
    """Minus the change of the loss to second order, phi' + phi''/2, by means over minibatches.

    phi' is a mean over all architecture steps, with its sign, phi'' over those for which it was estimated.

    Args:
        interval: Iterations of an epoch from one estimate to the next.
        absolute: Whether the score is the size of the change, as in the paper's strength, which keeps
            the operation whose selection changes the loss most.

    Raises:
        InvalidValueError: If ``interval`` is not positive.
    """

    compares_all = True
    #: The meaning of an absolute score.
    size = f'the size of {CHANGE} to second order'

    def __init__(self, interval: int = 5, absolute: bool = False) -> None:
        self._check_count('interval', interval, 1)
        self.interval, self.absolute = interval, absolute
        if absolute:
            self.meaning = self.size
        assert self.estimate is not None, 'a subclass names its estimate'
        self.first, self.second = FirstOrderMean(), CurvatureMean(self.estimate)

    @property
    def skipped(self) -> int:
        """Minibatches of this epoch, and estimates, that were not finite."""
        return self.first.skipped + self.second.skipped

    def reset(self) -> None:
        """Begin an epoch."""
        for mean in (self.first, self.second):
            mean.window = self.window
            mean.reset()

    def observe(self, step: ArchStep) -> None:
        """Add phi' of a minibatch, and phi'' where there is an estimate of it."""
        self.first.observe(step)
        if self.estimate in step.pairs:
            self.second.observe(step)

    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """Of either sign, unless ``absolute``; None until there is an estimate of this epoch."""
        first, second = self.first.scores(state), self.second.scores(state)
        if first is None or second is None:
            return None
        changes = {name: change_EO + second[name] / 2 for name, change_EO in first.items()}
        return {name: each.abs() if self.absolute else -each for name, each in changes.items()}

    def state_dict(self) -> dict[str, Any]:
        """Both means."""
        return {'first': self.first.state_dict(), 'second': self.second.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue exactly where the saved criterion stood.

        Raises:
            InvalidValueError: If ``state_dict`` is not that of both means.
        """
        if set(state_dict) != {'first', 'second'}:
            raise InvalidValueError(
                f"the state of {type(self).__name__} needs the keys ['first', 'second'], got "
                f'{sorted(state_dict)}: it was saved by another criterion'
            )
        self.first.load_state_dict(state_dict['first'])
        self.second.load_state_dict(state_dict['second'])


@CRITERIA.register_module()
class SecondOrderStrength(SecondOrder):
    """By Hutchinson's estimate: random signs, and one central difference of dL/dp.

    An estimate takes two passes more, forward and backward. It has either sign, and the noise of what
    other edges do.
    """

    meaning = f'minus {CHANGE} to second order, so the highest is the lowest loss'
    estimate = 'hutchinson'


@CRITERIA.register_module()
class GaussNewtonStrength(SecondOrder):
    """By the Gauss-Newton matrix: the gradient under labels that the model draws (Fisher).

    An estimate takes one pass more. phi'' is never negative, and leaves out how the layers behind the edge
    bend.
    """

    meaning = (
        f'minus {CHANGE} to second order but for the bends of the network, so the highest is the '
        'lowest loss'
    )
    estimate = 'fisher'
