"""Random search among the cells of a supernet that was trained path by path."""

from collections.abc import Mapping
from random import Random

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import CRITERIA
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.spaces import SearchSpace
from ostrdet.spaces.random_genotype import count_genotypes, random_genotype
from ostrdet.spaces.sampling import has_path, one_hot_rows
from ostrdet.structures import ArchState, Genotype
from ostrdet.structures.probe import STATISTICS, Probe


class CellSearch(EvaluatingCriterion):
    """Evaluates whole cells in the supernet, and keeps the one of the highest accuracy.

    A cell runs one operation per edge. All are judged on the same minibatches. A cell that lets nothing
    through has the accuracy of chance, and is counted. Scores are 1 for what the best cell holds and 0
    for the rest.

    Args:
        batches: As in :class:`EvaluatingCriterion`, as is the next one.
        when: 'end' or 'epoch'.
        statistics: What normalisations take: 'recalibrated', the mean over minibatches of the half that
            trains the weights, for every cell anew; 'batch', that of the minibatch; or 'running', that of
            the search.
        seed: Of all draws.
    """

    meaning = 'whether the best of the evaluated cells holds the operation'
    #: What :meth:`worth` is.
    unit = 'accuracy'

    def __init__(
        self,
        batches: int | None = None,
        when: str = 'end',
        statistics: str = 'recalibrated',
        seed: int = 0,
    ) -> None:
        super().__init__(batches, when)
        self._check_choice('statistics', statistics, STATISTICS)
        self.statistics, self.seed = statistics, seed

    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """By evaluating the cells that the subclass chooses."""
        self.check_space(probe.space)
        judged = JudgedCells(self, probe, state)
        self.visit(judged, Random(self.seed))
        best, worth = judged.best()
        self.facts = {
            self.unit: worth,
            'candidates': len(judged.worths),
            'without_path': judged.without_path,
        }
        rows = one_hot_rows(probe.space, best)
        return {name: torch.tensor(rows[name], dtype=torch.float64) for name in rows}

    def visit(self, judged: 'JudgedCells', random: Random) -> None:
        """Ask ``judged`` for the worth of every candidate."""
        raise NotImplementedError

    def worth(self, probe: Probe, genotype: Genotype, like: Mapping[str, Tensor]) -> float:
        """What a cell with a path is judged by, higher is better: its accuracy, in percent.

        Args:
            probe: The supernet.
            genotype: The cell.
            like: By cell type, a tensor (E, O) of the type and device of weights of operations.
        """
        rows = one_hot_rows(probe.space, genotype)
        weights = {name: p_EO.new_tensor(rows[name]) for name, p_EO in like.items()}
        return probe.measure(weights, statistics=self.statistics).accuracies.mean().item()

    def worth_of_none(self, probe: Probe) -> float:
        """That of a cell that lets nothing through: the accuracy of chance."""
        return 100 / probe.num_classes


class JudgedCells:
    """Worths of cells, such as accuracies; each is evaluated once.

    Attributes:
        space: The space.
        worths: By the text of the cell.
        cells: The cells by their text.
        without_path: How many of them let nothing through.
    """

    def __init__(self, criterion: CellSearch, probe: Probe, state: ArchState) -> None:
        self.criterion, self.probe, self.space = criterion, probe, probe.space
        self.like: Mapping[str, Tensor] = state.op_weights
        self.worths: dict[str, float] = {}
        self.cells: dict[str, Genotype] = {}
        self.without_path = 0

    def __call__(self, genotype: Genotype) -> float:
        """The worth of a cell."""
        text = self.space.format(genotype)
        if text not in self.worths:
            self.cells[text] = genotype
            self.worths[text] = self._worth(genotype)
        return self.worths[text]

    def fresh(self, random: Random) -> Genotype:
        """A random cell that was not judged yet."""
        while True:
            found = random_genotype(self.space, random.getrandbits(63))
            if self.space.format(found) not in self.cells:
                return found

    def ranked(self) -> list[Genotype]:
        """All cells, the best first; of equal ones the first that was asked for."""
        texts = sorted(self.worths, key=self.worths.__getitem__, reverse=True)
        return [self.cells[text] for text in texts]

    def best(self) -> tuple[Genotype, float]:
        """The best cell, and its worth."""
        found = self.ranked()[0]
        return found, self(found)

    def _worth(self, genotype: Genotype) -> float:
        if not has_path(self.space, genotype):
            self.without_path += 1
            return self.criterion.worth_of_none(self.probe)
        return self.criterion.worth(self.probe, genotype, self.like)


class BestOfN(CellSearch):
    """A search of N different cells; a subclass says which.

    Args:
        candidates: N.
        options: As in :class:`CellSearch`.

    Raises:
        InvalidValueError: If the space has fewer cells.
    """

    cost = 'N (B + K), with K minibatches for the statistics'

    def __init__(
        self,
        batches: int | None = None,
        when: str = 'end',
        statistics: str = 'recalibrated',
        seed: int = 0,
        candidates: int = 100,
    ) -> None:
        super().__init__(batches, when, statistics, seed)
        self._check_count('candidates', candidates, 1)
        self.candidates = candidates

    def check_space(self, space: SearchSpace) -> None:
        """Check that the space has so many cells."""
        check_number(f'{type(self).__name__}: candidates', self.candidates, space)


@CRITERIA.register_module()
class RandomSearch(BestOfN):
    """The best of N different cells drawn at random (Li and Talwalkar, UAI 2019).

    Arguments and errors as in :class:`BestOfN`.
    """

    def visit(self, judged: JudgedCells, random: Random) -> None:
        """As many different cells as asked for."""
        for _ in range(self.candidates):
            judged(judged.fresh(random))


def check_number(key: str, number: int, space: SearchSpace) -> None:
    """Check that a space has so many different cells.

    Raises:
        InvalidValueError: If it has fewer.
    """
    if number > (size := count_genotypes(space)):
        raise InvalidValueError(
            f'{key}={number}, but {type(space).__name__} has {size} cells; make it smaller'
        )
