"""Selection by perturbing the supernet, one edge after the other (DARTS-PT)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

import torch
from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.structures import ArchState
from ostrdet.structures.decisions import REMOVED, UNDECIDED, decided
from ostrdet.structures.probe import MEASURES, Probe

MODES = ('removal', 'renormalized', 'selection')


@CRITERIA.register_module()
class Perturbation(EvaluatingCriterion):
    """Decides one edge after the other by what changing it does to the supernet (Wang et al., ICLR 2021).

    A step of operations takes an undecided edge of every cell type at random, tries its candidates, and
    leaves the edge with the best one alone. Then a step of the topology takes a node at random, and
    takes away the edge that is missed least, until the node has as many as it keeps. Among equal
    candidates the first is kept; of equal edges the last one leaves.

    The score of a candidate is its measure less that of the kept one, so 0 for the kept one; edges that
    left are below all others. Scores of different edges were measured in different networks.

    Args:
        batches: As in :class:`EvaluatingCriterion`, as is the next one; published is the whole half.
        when: 'end' or 'epoch'.
        mode: 'removal' sets one weight to 0, as published, and keeps the operation that is missed most;
            'renormalized' also scales the others to the same sum; 'selection' tries every operation
            alone and keeps the best one.
        measure: 'accuracy', as published, or 'loss'.
        finetune_epochs: Epochs of the search between two steps, on a copy of the supernet, the rate of
            the weights a tenth of its first; published are 5. 0 for none.
        seed: Of the order of edges and nodes.

    Raises:
        InvalidValueError: If one of them is unknown or out of range.
    """

    meaning = (
        'how much worse the supernet is without this operation than without the others of its edge, '
        'while edges are decided one by one'
    )
    cost = 'B (E O + trials of the topology), summed over the cell types'

    def __init__(
        self,
        batches: int | None = None,
        when: str = 'end',
        mode: str = 'removal',
        measure: str = 'accuracy',
        finetune_epochs: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(batches, when)
        self._check_choice('mode', mode, MODES)
        self._check_choice('measure', measure, MEASURES)
        self._check_count('finetune_epochs', finetune_epochs, 0)
        self.mode, self.measure = mode, measure
        self.finetune_epochs, self.seed = finetune_epochs, seed

    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """By as many steps as it takes; see the class."""
        return _Projection(self, probe, state).run()

    def values(self, probe: Probe, op_weights: Mapping[str, Tensor]) -> float:
        """The measure, higher is better: an accuracy in percent, or minus a loss."""
        return probe.measure(op_weights).by(self.measure).mean().item()

    def row(self, row_O: Tensor, op: int) -> Tensor:
        """The weights (O,) of an edge under which the candidate ``op`` is judged."""
        if self.mode == 'selection':
            return decided(row_O[None], [op])[0]
        left_O = row_O.clone()
        left_O[op] = 0
        if self.mode == 'renormalized' and left_O.sum() > 0:
            left_O = left_O * (row_O.sum() / left_O.sum())
        return left_O


class _Projection:
    """One run of :class:`Perturbation`.

    Attributes:
        codes: Decisions so far.
        order: Decisions in their order: cell type, edge, and the operation or None for a removal.
    """

    def __init__(self, criterion: Perturbation, probe: Probe, state: ArchState) -> None:
        self.criterion, self.probe, self.space = criterion, probe, probe.space
        self.start = {name: w_EO.detach() for name, w_EO in state.op_weights.items()}
        self.codes = {name: [UNDECIDED] * len(w_EO) for name, w_EO in self.start.items()}
        self.scores = {n: torch.zeros(w.shape, dtype=torch.float64) for n, w in self.start.items()}
        self.order: list[tuple[str, int, str | None]] = []

    def run(self) -> dict[str, Tensor]:
        """Take all steps; returns the scores."""
        random, cells = Random(self.criterion.seed), self.space.cells
        edges = {name: _shuffled(range(len(spec.edges)), random) for name, spec in cells.items()}
        nodes = {
            name: _shuffled((n for n in spec.nodes if len(spec.incoming(n)) > spec.kept(n)), random)
            for name, spec in cells.items()
        }
        self._in_steps(edges, self._decide)
        self._in_steps(nodes, self._thin_out)
        self.criterion.facts = {'order': self.order}
        return {name: _ranked(self.scores[name], self.codes[name]) for name in self.scores}

    def _in_steps(
        self, waiting: Mapping[str, Sequence[int]], act: Callable[[str, int], None]
    ) -> None:
        """One edge, or node, of every cell type at a time, with fine-tuning before each step."""
        for step in range(max(map(len, waiting.values()))):
            if self.order and self.criterion.finetune_epochs:
                self.start = self.probe.finetune(self.codes, self.criterion.finetune_epochs)
            for name, items in waiting.items():
                if step < len(items):
                    act(name, items[step])

    def _decide(self, name: str, edge: int) -> None:
        ops = [self.space.ops.index(op) for op in self.space.selectable_ops_of(name, edge)]
        if len(ops) > 1:
            present_EO = self._weights()[name]
            rows = [self.criterion.row(present_EO[edge], op) for op in ops]
            sign = 1 if self.criterion.mode == 'selection' else -1
            values = [sign * self._value(name, edge, row_O) for row_O in rows]
            row_O = self.scores[name][edge]
            row_O.fill_(min(values) - max(values))  # of those that can't be selected
            row_O[ops] = torch.tensor(values, dtype=torch.float64) - max(values)
            chosen = ops[values.index(max(values))]
        else:
            (chosen,) = ops
        self.codes[name][edge] = chosen
        self.order.append((name, edge, self.space.ops[chosen]))

    def _thin_out(self, name: str, node: int) -> None:
        spec = self.space.cells[name]
        left = list(spec.incoming(node))
        while len(left) > spec.kept(node):
            nothing_O = torch.zeros_like(self.start[name][0])
            values = [self._value(name, edge, nothing_O) for edge in left]
            last = max(range(len(left)), key=lambda index: (values[index], index))
            edge = left.pop(last)
            self.codes[name][edge] = REMOVED
            self.order.append((name, edge, None))

    def _weights(self) -> dict[str, Tensor]:
        return {name: decided(w_EO, self.codes[name]) for name, w_EO in self.start.items()}

    def _value(self, name: str, edge: int, row_O: Tensor) -> float:
        weights = self._weights()
        weights[name][edge] = row_O
        return self.criterion.values(self.probe, weights)


def _shuffled(items: Iterable[int], random: Random) -> list[int]:
    found = list(items)
    random.shuffle(found)
    return found


def _ranked(scores_EO: Tensor, codes: Sequence[int]) -> Tensor:
    """Scores in which all edges that left are below all that stay."""
    gone = [edge for edge, code in enumerate(codes) if code == REMOVED]
    scores_EO[gone] += scores_EO.min() - 1
    return scores_EO
