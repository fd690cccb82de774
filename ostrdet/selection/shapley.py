"""Selection by Shapley values of the candidates, estimated over permutations (Shapley-NAS)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ostrdet.kernels.shapley import marginals, mean_less_deviation, standardized
from ostrdet.registry import CRITERIA
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.spaces import SearchSpace
from ostrdet.structures import ArchState
from ostrdet.structures.probe import MEASURES, Place, Probe

UNVISITED = ('left_out', 'zero')


@CRITERIA.register_module()
class Shapley(EvaluatingCriterion):
    r"""What the candidates contribute to the supernet together (Xiao et al., CVPR 2022).

    Players are all candidates that can be selected. In every permutation they leave the supernet one after
    the other, in all cells of their type: their weight becomes 0, and the other weights stay as they are.
    What the measure falls by as a player leaves is its marginal. A permutation ends once the measure is
    below ``threshold`` times that of the whole supernet.

    An evaluation takes the mean less the standard deviation of a player's marginals over the
    permutations, and standardises within a cell type to :math:`z`. Over the evaluations of a search
    :math:`s \leftarrow m s + (1 - m) z` and :math:`\alpha \leftarrow \alpha + \eta s`, both from 0 on. The
    scores are the softmax of this :math:`\alpha` by edge. Where the criterion decides, that of the
    supernet moves alike, but for the last epoch.

    Args:
        batches: Minibatches; permutation i takes minibatch i modulo their number. None for one each,
            or all if there are fewer.
        when: 'end' or 'epoch'.
        samples: Permutations of an evaluation; published are 10.
        threshold: In [0, 1]; 0 ends none. Published is 0.5. A loss is compared with that of the whole supernet
            over ``threshold``.
        measure: 'accuracy' in percent, as published, or 'loss'.
        unvisited: Marginals of players that a permutation did not reach are 'left_out' of mean and
            deviation, or 'zero', as in the published code, which lowers the scores of those often left over.
        momentum: m, in [0, 1]; published is 0.8.
        step: eta, from 0; published is 0.1.
        first: The first epoch, from 1, after which ``when='epoch'`` evaluates; published is 25.
        seed: Of the permutations.

    Raises:
        InvalidValueError: If one of them is unknown or out of range.
    """

    meaning = (
        'how much accuracy the supernet loses, on average over random orders, when this operation '
        'leaves it after others have'
    )
    cost = 'S (1 + E O) at most, with S permutations of one minibatch each'
    accumulates = True

    def __init__(
        self,
        batches: int | None = None,
        when: str = 'end',
        samples: int = 10,
        threshold: float = 0.5,
        measure: str = 'accuracy',
        unvisited: str = 'left_out',
        momentum: float = 0.8,
        step: float = 0.1,
        first: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(batches, when)
        self._check_count('samples', samples, 1)
        self._check_range('threshold', threshold, 0, 1)
        self._check_choice('measure', measure, MEASURES)
        self._check_choice('unvisited', unvisited, UNVISITED)
        self._check_range('momentum', momentum, 0, 1)
        self._check_range('step', step, 0, torch.inf)
        self._check_count('first', first, 1)
        self.samples, self.threshold, self.measure = samples, threshold, measure
        self.unvisited, self.momentum, self.step, self.first = unvisited, momentum, step, first
        self._generator = torch.Generator().manual_seed(seed)
        self._accumulated: dict[str, Tensor] = {}
        self._alphas: dict[str, Tensor] = {}

    def is_due(self, epoch: int, is_last: bool) -> bool:
        """Not before the first."""
        return super().is_due(epoch, is_last) and (is_last or epoch >= self.first)

    def num_batches(self, available: int) -> int:
        """One for each permutation."""
        return min(self.samples, available) if self.batches is None else self.batches

    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """By one more evaluation."""
        players = players_of(probe.space, state.op_weights)
        draws_SP = torch.stack(
            [self._marginals(probe, state, players, index) for index in range(self.samples)]
        )
        reached_SP = ~draws_SP.isnan()
        self.facts = {
            'players': len(players),
            'removed': reached_SP.sum(dim=1).tolist(),
            'never_removed': int((~reached_SP.any(dim=0)).sum()),
        }
        values_P = mean_less_deviation(draws_SP, self.unvisited)
        return {name: self._accumulate(name, players, values_P, state) for name in state.op_weights}

    def alpha_step(self) -> dict[str, Tensor] | None:
        """The last step of alpha; None if this epoch had no evaluation."""
        if self._scores is None:
            return None
        return {name: self.step * total_EO for name, total_EO in self._accumulated.items()}

    def state_dict(self) -> dict[str, Any]:
        """As in :class:`EvaluatingCriterion`, what all evaluations left, and where the permutations stand."""
        return {
            **super().state_dict(),
            'accumulated': dict(self._accumulated),
            'alphas': dict(self._alphas),
            'generator': self._generator.get_state(),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        super().load_state_dict(state_dict)
        for own, key in ((self._accumulated, 'accumulated'), (self._alphas, 'alphas')):
            own |= {n: v.to('cpu', torch.float64) for n, v in state_dict[key].items()}
        self._generator.set_state(state_dict['generator'].cpu())

    def _marginals(
        self, probe: Probe, state: ArchState, players: Sequence[Place], index: int
    ) -> Tensor:
        """The marginals (P,) of the permutation ``index``."""
        left = {name: w_EO.clone() for name, w_EO in state.op_weights.items()}
        batch = [index % probe.num_batches]

        def leave(number: int) -> float:
            name, edge, op = players[number]
            left[name][edge, op] = 0
            return self._value(probe, left, batch)

        order = torch.randperm(len(players), generator=self._generator).tolist()
        whole = self._value(probe, left, batch)
        return marginals(whole, leave, order, self._floor(whole))

    def _value(self, probe: Probe, op_weights: Mapping[str, Tensor], batch: Sequence[int]) -> float:
        """The measure of a minibatch, higher is better: an accuracy in percent, or minus a loss."""
        return probe.measure(op_weights, batch).by(self.measure).item()

    def _floor(self, whole: float) -> float:
        if self.measure == 'accuracy':
            return self.threshold * whole
        return whole / self.threshold if self.threshold else -torch.inf

    def _accumulate(
        self, name: str, players: Sequence[Place], values_P: Tensor, state: ArchState
    ) -> Tensor:
        """The scores (E, O) of a cell type after one more evaluation."""
        numbers = [number for number, player in enumerate(players) if player.cell == name]
        z_EO = torch.zeros(state.op_weights[name].shape, dtype=torch.float64)
        plays_EO = torch.zeros(z_EO.shape, dtype=torch.bool)
        where = tuple(torch.tensor([players[n][1:] for n in numbers]).reshape(-1, 2).T)
        z_EO[where], plays_EO[where] = standardized(values_P[numbers]), True
        total_EO = self._accumulated.get(name, torch.zeros_like(z_EO))
        alpha_EO = self._alphas.get(name, torch.zeros_like(z_EO))
        total_EO = self.momentum * total_EO + (1 - self.momentum) * z_EO
        # new tensors, so that a state dict handed out earlier stays as it was
        self._accumulated[name], self._alphas[name] = total_EO, alpha_EO + self.step * total_EO
        scores_EO = self._alphas[name].masked_fill(~plays_EO, -torch.inf).softmax(dim=-1)
        return scores_EO.nan_to_num(0.0)  # of an edge without players


def players_of(space: SearchSpace, op_weights: Mapping[str, Tensor]) -> list[Place]:
    """The candidates that can be selected and have weight, by cell type, edge and operation."""
    return [
        Place(name, edge, op)
        for name, weights_EO in op_weights.items()
        for edge, op in weights_EO.nonzero().tolist()
        if space.ops[op] in space.selectable_ops_of(name, edge)
    ]
