"""What the architecture step leaves behind for the selection criteria."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from ostrdet.structures.decisions import Decisions

if TYPE_CHECKING:
    from torch import Tensor

#: Two factors by cell type, (E, O) each, whose products estimate the Hessian in the weights of each edge.
Pairs = Mapping[str, 'tuple[Tensor, Tensor]']


@dataclass(frozen=True)
class ArchState:
    """The architecture parameters at one moment, by cell type; detached copies.

    Attributes:
        alphas: Raw architecture parameters. Shape (E, O) each.
        op_weights: Weights of the candidates on each edge, as the supernet used them. Shape (E, O).
        edge_weights: Weights of the edges of each node (edge normalisation), shape (E,), or None.
        decisions: What the search has decided about edges; {} for nothing.
        set_weights: Weights of the sets of edges that a node may keep, shape (P,), where there are any.
    """

    alphas: Mapping[str, 'Tensor']
    op_weights: Mapping[str, 'Tensor']
    edge_weights: Mapping[str, 'Tensor | None']
    decisions: Decisions = field(default_factory=dict)
    set_weights: Mapping[str, 'Tensor | None'] = field(default_factory=dict)


@dataclass(frozen=True)
class ArchStep:
    """One architecture step: the state *before* the optimizer moved alpha, and its gradients.

    The gradients are those of the validation cross-entropy alone: no weight decay, no regulariser,
    no clipping, no AMP scale, averaged over the processes.

    Attributes:
        state: Alpha and its weights before the step.
        alpha_grads: dL/dalpha by cell type, summed over the cells that share alpha. Shape (E, O).
        op_weight_grads: dL/dp by cell type. Shape (E, O).
        kept: Which candidates took part, where a weighting drops some: bool, (E, O) by cell type. Of the
            others there is no gradient. None for all.
        pairs: By the name of an estimate, l and r of the minibatch: the mean of l_e r_e^T over draws is
            the matrix of d2L/dp2 of edge e, or what the estimate takes for it. Empty in a step for which
            no criterion asked.
        mixtures: Groups of candidates, by index, whose weights sum to one each; a candidate is compared
            with the mixture of its own. None for one mixture of all.
    """

    state: ArchState
    alpha_grads: Mapping[str, 'Tensor']
    op_weight_grads: Mapping[str, 'Tensor']
    kept: 'Mapping[str, Tensor] | None' = None
    pairs: Mapping[str, Pairs] = field(default_factory=dict)
    mixtures: Sequence[Sequence[int]] | None = None

    def is_finite(self) -> bool:
        """Whether all that criteria see is: gradients, and estimates; the host waits for the answer."""
        pairs = (pair for each in self.pairs.values() for pair in each.values())
        grads = (*self.alpha_grads.values(), *self.op_weight_grads.values(), *chain(*pairs))
        return all(bool(grad.isfinite().all()) for grad in grads)
