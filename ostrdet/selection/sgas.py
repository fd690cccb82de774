"""Decisions during a search, one edge after the other (SGAS)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.sgas import certainty, importance, normalized, shares, stability
from ostrdet.registry import CRITERIA
from ostrdet.selection.criteria import Magnitude
from ostrdet.spaces import SearchSpace
from ostrdet.spaces.base import NONE
from ostrdet.structures import ArchState
from ostrdet.structures.decisions import REMOVED, UNDECIDED, Decisions

#: Whether the score of an edge knows how long its weights have been so.
VARIANTS = {1: False, 2: True}


@CRITERIA.register_module()
class SGAS(Magnitude):
    """Decides the clearest edge of every cell type now and then (Li et al., CVPR 2020).

    An edge is clear if 'none' has little weight and one of the others has most of it; by the second
    variant also if its weights are those of the last epochs. Each of these is scaled to 0 to 1 over the
    edges of the cell type, and they are multiplied. The clearest undecided edge keeps its operation of
    highest alpha, never 'none'. Once a node has as many decided edges as it keeps, its others leave.

    Scores are the weights of the moment, which are 1 for what is kept and 0 for what left. If it only
    accompanies a search, it decides nothing.

    Args:
        variant: 1 or 2, the criterion of the paper.
        first: The first epoch, from 1, after which an edge is decided; published is 10.
        interval: Epochs between two decisions; published are 5.
        history: Earlier epochs with which weights are compared; published are 4.

    Raises:
        InvalidValueError: If one of them is out of range.
    """

    meaning = 'the weight of the operation in a search that decides one edge after the other'

    def __init__(
        self, variant: int = 1, first: int = 10, interval: int = 5, history: int = 4
    ) -> None:
        if variant not in VARIANTS:
            raise InvalidValueError(f'SGAS: variant={variant!r}, expected 1 or 2')
        for key, value in {'first': first, 'interval': interval, 'history': history}.items():
            self._check_count(key, value, 1)
        self.variant, self.first, self.interval, self.history = variant, first, interval, history
        self.facts: dict[str, Any] = {}
        self._codes: dict[str, list[int]] = {}
        self._past: dict[str, Tensor] = {}

    def check_space(self, space: SearchSpace) -> None:
        """Check that the space has 'none', by whose weight edges are compared."""
        if NONE not in space.ops:
            raise InvalidValueError(
                f"SGAS: space.ops={list(space.ops)}, expected '{NONE}' among them, by whose weight edges "
                "are compared; add it, or use criterion 'Magnitude'"
            )

    @property
    def decisions(self) -> Decisions:
        """All so far."""
        return self._codes

    def decide(self, state: ArchState, space: SearchSpace, epoch: int) -> None:
        """Decide one edge of every cell type, if it is time, and remember the weights of the epoch."""
        is_time = epoch >= self.first and (epoch - self.first) % self.interval == 0
        for name, alphas_EO in state.alphas.items():
            present_EO = torch.tensor(space.presence(name))
            alphas_EO = alphas_EO.to('cpu', torch.float64).masked_fill(~present_EO, -torch.inf)
            none_EO = torch.zeros_like(present_EO)
            none_EO[:, space.ops.index(NONE)] = True
            if is_time:
                self._decide_one(space, name, self.clearness(name, alphas_EO, none_EO), alphas_EO)
            past_HEO, now_EO = self._past.get(name), shares(alphas_EO, none_EO)
            both_HEO = now_EO[None] if past_HEO is None else torch.cat([past_HEO, now_EO[None]])
            self._past[name] = both_HEO[-self.history :]

    def clearness(self, name: str, alphas_EO: Tensor, none_EO: Tensor) -> Tensor:
        """How clear the edges of a cell type are, from 0 to 1, shape (E,)."""
        now_EO = shares(alphas_EO, none_EO)
        found_E = normalized(importance(alphas_EO, none_EO)) * normalized(certainty(now_EO))
        if VARIANTS[self.variant]:
            past_HEO = self._past.get(name, now_EO[:0, None])
            found_E = found_E * normalized(stability(now_EO, past_HEO))
        return found_E

    def _decide_one(
        self, space: SearchSpace, name: str, clear_E: Tensor, alphas_EO: Tensor
    ) -> None:
        codes = list(self._codes.get(name, [UNDECIDED] * len(clear_E)))
        open_edges = [edge for edge, code in enumerate(codes) if code == UNDECIDED]
        if open_edges:
            values = clear_E.tolist()
            edge = max(open_edges, key=values.__getitem__)  # of equal ones the first
            ops = [op for op in space.ops_of(name, edge) if op != NONE]
            columns = [space.ops.index(op) for op in ops]
            codes[edge] = columns[int(alphas_EO[edge, columns].argmax())]
            order = [*self.facts.get('order', []), (name, edge, space.ops[codes[edge]])]
            self.facts = {'order': order}
            _complete(space, name, codes)
        self._codes[name] = codes

    def state_dict(self) -> dict[str, Any]:
        """The decisions, their order, and the weights of the last epochs."""
        codes = {name: list(codes) for name, codes in self._codes.items()}
        return {'decisions': codes, 'facts': dict(self.facts), 'past': dict(self._past)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        self._codes = {name: list(codes) for name, codes in state_dict['decisions'].items()}
        self.facts = dict(state_dict['facts'])
        self._past = {n: v.to('cpu', torch.float64) for n, v in state_dict['past'].items()}


def _complete(space: SearchSpace, name: str, codes: list[int]) -> None:
    """Let the undecided edges of nodes leave that have all edges which they keep."""
    spec = space.cells[name]
    for node in spec.nodes:
        edges = spec.incoming(node)
        if sum(codes[edge] >= 0 for edge in edges) >= spec.kept(node):
            for edge in edges:
                codes[edge] = REMOVED if codes[edge] == UNDECIDED else codes[edge]
