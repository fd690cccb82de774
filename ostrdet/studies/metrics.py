"""What a study reads from the work dir of a run that is done."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostrdet.evaluation.benchmark_table import DATASETS
from ostrdet.evaluation.complexity import Complexity, complexity
from ostrdet.records.search_log import SearchLog, lines_of, read_log
from ostrdet.records.stages import searches_of

MILLION = 1e6
#: Of a training: what mmengine's loggers call it.
ACCURACY = 'accuracy/top1'


@dataclass
class Cell:
    """The cell of a criterion after the last epoch of a search.

    Attributes:
        log: The search, or its last stage.
        criterion: The criterion.
        sizes: What was counted already, by the text of the cell; searches often agree.
        before: Lines of the stages before.
    """

    log: SearchLog
    criterion: str
    sizes: dict[str, Complexity]
    before: Sequence[Mapping[str, Any]] = ()

    @property
    def text(self) -> str:
        """The text of the cell, '' where none was chosen."""
        return self.log.line()['genotypes'].get(self.criterion) or ''

    def size(self) -> Complexity:
        """Of the derived network, in the first published size of the space."""
        if self.text not in self.sizes:
            layout = next(iter(self.log.space.layouts))
            self.sizes[self.text] = complexity(self.log.genotype(self.criterion), layout)
        return self.sizes[self.text]


@dataclass(frozen=True)
class Metric:
    """A number of a search.

    Attributes:
        title: Name and unit.
        digits: How many are shown behind the point.
        read: The number of a cell, None where it is not known.
        curve: The number of a line of the trajectory for a criterion, where there is one every epoch.
        is_of_search: Whether it is the same for all criteria of a search.
        is_lower_better: Whether less is better.
    """

    title: str
    digits: int
    read: Callable[[Cell], float | None]
    curve: Callable[[SearchLog, Mapping[str, Any], str], float | None] | None = None
    is_of_search: bool = False
    is_lower_better: bool = False


def _by_line(
    title: str,
    digits: int,
    value: Callable[[Mapping[str, Any]], float | None],
    is_lower_better: bool = False,
) -> Metric:
    """A number that every line holds, whatever the criterion."""
    return Metric(
        title,
        digits,
        lambda cell: value(cell.log.line()),
        lambda log, line, criterion: value(line),
        is_of_search=True,
        is_lower_better=is_lower_better,
    )


def _by_table(dataset: str) -> Metric:
    return Metric(
        f'{dataset} (%)',
        2,
        lambda cell: cell.log.accuracy(cell.log.line(), cell.criterion, dataset, None),
        lambda log, line, criterion: log.accuracy(line, criterion, dataset, None),
    )


#: The metrics of searches.
METRICS: Mapping[str, Metric] = {
    **{name: _by_table(name) for name in DATASETS},
    'val_accuracy': _by_line('supernet accuracy (%)', 2, lambda line: line['val_accuracy']),
    'loss': _by_line('loss (nats)', 4, lambda line: line['losses'].get('loss'), True),
    'arch_loss': _by_line(
        'architecture loss (nats)', 4, lambda line: line['losses'].get('arch_loss'), True
    ),
    'stable_epochs': _by_line('stable epochs', 1, lambda line: float(line['stable_epochs'])),
    'params': Metric(
        'parameters (millions)',
        3,
        lambda cell: cell.size().params / MILLION,
        is_lower_better=True,
    ),
    'macs': Metric(
        'multiply-adds (millions)', 1, lambda cell: cell.size().macs / MILLION, is_lower_better=True
    ),
    'minutes': Metric(
        'time (minutes)',
        1,
        lambda cell: sum(line['seconds'] for line in (*cell.before, *cell.log.lines)) / 60,
        is_of_search=True,
        is_lower_better=True,
    ),
}
#: What the names of scalars of trainings hold of which less is better.
LESS_IS_BETTER = ('loss', 'time', 'memory')


def is_of_search(name: str) -> bool:
    """Whether a metric is the same for all criteria of a search."""
    return name in METRICS and METRICS[name].is_of_search


def is_lower_better(name: str) -> bool:
    """Whether less of a metric is better."""
    if name in METRICS:
        return METRICS[name].is_lower_better
    return any(word in name for word in LESS_IS_BETTER)


def read_cells(
    work_dir: Path, criteria: tuple[str, ...], sizes: dict[str, Complexity]
) -> Iterator[Cell]:
    """The cells of the criteria, or of the one that decided the search; of stages those of the last.

    Raises:
        FileNotFoundError, ValueError: If the trajectory is missing or damaged.
    """
    *earlier, last = searches_of(work_dir)
    log, before = read_log(last), [line for folder in earlier for line in lines_of(folder)]
    for criterion in criteria or (log.criterion,):
        yield Cell(log, criterion, sizes, before)


def last_scalar(work_dir: Path, name: str) -> float | None:
    """The last value of a scalar of a training, which may have been resumed; None if there is none.

    A line that can't be read, such as one that a kill cut off, has no value.
    """
    found = None
    for path in sorted(work_dir.glob('*/vis_data/*.json')):
        for text in path.read_bytes().splitlines():
            with suppress(KeyError, RecursionError, TypeError, ValueError):
                found = float(json.loads(text)[name])
    return found
