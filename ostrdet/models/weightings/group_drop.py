"""Candidates that are dropped at random, so that all of them learn (DropNAS)."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.weightings.base import MixWeights, Weighting
from ostrdet.models.weightings.groups import Groups, op_groups
from ostrdet.registry import WEIGHTINGS
from ostrdet.spaces import SearchSpace


@WEIGHTINGS.register_module()
class GroupDropWeighting(Weighting):
    r"""p = softmax(alpha) over the candidates that a step keeps; the others are not run (DropNAS).

    On every edge each candidate of a group of n is dropped with the probability :math:`r^{1/n}`; a
    group of which nothing is kept is drawn again. After the step of the optimizer the alphas of
    dropped candidates are what they were, and those of the kept ones are shifted together, so that the
    dropped ones have the same weight softmax(alpha) as before. Without a draw p = softmax(alpha).

    Args:
        rate: r, in [0, 1): the probability that a whole group would be dropped; 3e-5 in the reference.
        groups: The operations of every group; None for two, those with parameters and the others.
        edge_norm: As in :class:`Weighting`.

    Raises:
        InvalidValueError: If the rate is out of its range.
    """

    def __init__(
        self,
        rate: float = 3e-5,
        groups: Sequence[Sequence[str]] | None = None,
        edge_norm: bool = False,
    ) -> None:
        super().__init__(edge_norm)
        if not 0 <= rate < 1:
            raise InvalidValueError(
                f'model.weighting.rate={rate}, expected a probability below 1, such as 3e-5'
            )
        self.rate, self.names = rate, groups
        self.groups: Groups = ()
        self.is_sparse = False

    def read_space(self, space: SearchSpace) -> None:
        """Find the groups among the operations of the space."""
        self.groups, self.is_sparse = op_groups(self.names, space.ops), space.candidates is not None

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """softmax(alpha), shape (E, O)."""
        return alphas_EO.softmax(dim=-1)

    def draw(self, alphas_EO: Tensor, generator: Generator) -> MixWeights:
        """The weights of the candidates that are kept; on a GPU the host waits if edges differ in theirs."""
        present_EO = torch.ones(alphas_EO.shape, dtype=torch.bool)
        if self.is_sparse:
            present_EO = (alphas_EO.detach() != -torch.inf).cpu()
        kept_EO = self.kept(present_EO, generator)
        masked_EO = alphas_EO.masked_fill(~_on(kept_EO, alphas_EO), -torch.inf)
        return MixWeights(masked_EO.softmax(dim=-1), active=kept_EO)

    def kept(self, present_EO: Tensor, generator: Generator) -> Tensor:
        """Draw which of the candidates present are kept, bool on the CPU, shape (E, O)."""
        kept_EO = torch.zeros_like(present_EO)
        for group in self.groups:
            columns = list(group)
            present_EG = present_EO[:, columns]
            count_E1 = present_EG.sum(dim=-1, keepdim=True)
            drop_E1 = self.rate ** (1 / count_E1.clamp_min(1).double())
            kept_EG = torch.zeros_like(present_EG)
            while (lost_E1 := (count_E1 > 0) & ~kept_EG.any(dim=-1, keepdim=True)).any():
                drawn_EG = torch.rand(present_EG.shape, generator=generator, dtype=torch.float64)
                kept_EG |= lost_E1 & present_EG & (drawn_EG >= drop_E1)
            kept_EO[:, columns] = kept_EG
        return kept_EO

    @torch.no_grad()
    def settle(self, alphas_EO: Tensor, before_EO: Tensor, mix: MixWeights) -> None:
        """Set dropped alphas back, and shift the kept ones of an edge by one number."""
        if mix.active is None or mix.active.all():
            return
        kept_EO = _on(mix.active, alphas_EO)
        old_E1, new_E1 = (
            torch.logsumexp(values.masked_fill(~kept_EO, -torch.inf), dim=-1, keepdim=True)
            for values in (before_EO, alphas_EO)
        )
        is_whole_E1 = _on(mix.active.all(dim=-1, keepdim=True), alphas_EO)
        shift_E1 = (old_E1 - new_E1).masked_fill(is_whole_E1, 0.0)
        alphas_EO.copy_(torch.where(kept_EO, alphas_EO + shift_E1, before_EO))


def _on(mask_EO: Tensor, like: Tensor) -> Tensor:
    return mask_EO.to(like.device, non_blocking=True)
