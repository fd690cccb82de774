"""The term that a regulariser adds to the loss of the architecture step."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.weightings import Weighting
from ostrdet.spaces import SearchSpace
from ostrdet.structures.progress import Scheduled


class Regularizer(nn.Module, Scheduled, ABC):
    """A function of alpha that the architecture step minimises beside the cross-entropy.

    Its gradient moves alpha and nothing else: the gradients that criteria read never hold it.

    Args:
        weight: Its coefficient, at least 0: a number, or a schedule such as
            ``dict(type='Linear', start=0, end=50)``.

    Attributes:
        of_mix: Whether the term is a function of the weights without a draw, instead of alpha.

    Raises:
        InvalidTypeError: If the weight is neither.
        InvalidValueError: If it is negative.
    """

    of_mix: ClassVar[bool] = False
    weight: float

    def __init__(self, weight: Any = 1.0) -> None:
        super().__init__()
        self.follow('weight', weight, 'model.regularizers.weight', least=0.0)

    def check_weighting(self, weighting: Weighting) -> None:
        """Refuse weightings under which the term has no meaning."""
        return

    def check_space(self, space: SearchSpace) -> None:
        """Refuse spaces for which the term has no meaning."""
        return

    def prepare(self, supernet: Any, image_size: int) -> None:
        """Take what the term needs to know of the network; called before every step of alpha.

        Args:
            supernet: The supernet, without the wrapper of distributed training.
            image_size: Height of the images of the minibatch, in pixels.
        """
        return

    def _check_is(self, weighting: Weighting, needed: type[Weighting]) -> None:
        if not isinstance(weighting, needed):
            raise InvalidValueError(
                f'model.regularizers: {type(self).__name__} is made for {needed.__name__}, got '
                f'{type(weighting).__name__}; leave it out, or set model.weighting.type='
                f"'{needed.__name__}'"
            )

    @abstractmethod
    def forward(self, alphas: Mapping[str, Any]) -> Tensor:
        """The term without its coefficient.

        Args:
            alphas: Architecture parameters by cell type, shape (E, O); minus infinity where an edge
                lacks a candidate. With ``of_mix`` the :class:`MixWeights` by cell type instead.

        Returns:
            A scalar, differentiable in what it is given.
        """
