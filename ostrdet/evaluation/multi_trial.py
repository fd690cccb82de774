"""Baselines that train one cell after the other, simulated on a table: what a search has to beat."""

import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from types import MappingProxyType, ModuleType

from ostrdet.errors import InvalidValueError, MissingPackageError
from ostrdet.evaluation.benchmark_table import BenchmarkError, BenchmarkTable

#: Of regularised evolution, as in the scripts of NAS-Bench-201.
POPULATION, TOURNAMENT = 10, 3
#: The value of a cell, higher is better.
Train = Callable[[str], float]


@dataclass(frozen=True)
class Outcome:
    """What a baseline ended with.

    Attributes:
        method: Its name.
        seed: Of its draws.
        trainings: Cells that it trained, repetitions counted.
        distinct: Different cells among them.
        cell: The best one by what the baseline saw; of several, the first that it trained.
        value: What it saw of that cell.
        report: The column that is reported of that cell.
        cost: Sum of the column of costs over all trainings; their number without such a column.
    """

    method: str
    seed: int
    trainings: int
    distinct: int
    cell: str
    value: float
    report: float
    cost: float


@dataclass(frozen=True)
class Choices:
    """The cells of a table as combinations of one choice for each place.

    Attributes:
        options: By place, the choices.
        cells: By choices, the cell; all combinations.
    """

    options: tuple[tuple[str, ...], ...]
    cells: Mapping[tuple[str, ...], str]


def choices(cells: Sequence[str]) -> Choices:
    """Take cells apart: the operations of a text such as ``|op~0|+...``, or single digits.

    Raises:
        BenchmarkError: If they are not all combinations of what stands in their places.

    Examples:
        >>> choices(['00', '01', '10', '11']).options
        (('0', '1'), ('0', '1'))
    """
    parts = {tuple(re.findall(r'\w+(?=~)', cell) or cell): cell for cell in cells}
    lengths = {len(part) for part in parts}
    options = tuple(tuple(sorted(set(place))) for place in zip(*parts, strict=len(lengths) == 1))
    combinations = math.prod(map(len, options))
    if len(lengths) != 1 or combinations != len(cells):
        raise BenchmarkError(
            f'the table has {len(cells)} cells, not all combinations of their parts; evolution and tpe need '
            'those, since they may ask for any: give a complete table, or take random'
        )
    return Choices(options, parts)


def random_search(cells: Sequence[str], train: Train, seed: int) -> Iterator[float]:
    """Random search without repetition."""
    for cell in Random(seed).sample(cells, len(cells)):
        yield train(cell)


def evolution(cells: Sequence[str], train: Train, seed: int) -> Iterator[float]:
    """Regularised evolution (Real et al., AAAI 2019).

    The best of :data:`TOURNAMENT` members, drawn without replacement, has one place changed; its child
    takes the place of the oldest of :data:`POPULATION` members.
    """
    space, random = choices(cells), Random(seed)
    population: deque[tuple[float, tuple[str, ...]]] = deque(maxlen=POPULATION)
    while True:
        if len(population) < POPULATION:
            child = tuple(random.choice(options) for options in space.options)
        else:
            _, parent = max(random.sample(list(population), TOURNAMENT), key=lambda one: one[0])
            child = _mutated(parent, space, random)
        value = train(space.cells[child])
        population.append((value, child))
        yield value


def _mutated(parent: tuple[str, ...], space: Choices, random: Random) -> tuple[str, ...]:
    places = [place for place, options in enumerate(space.options) if len(options) > 1]
    place = random.choice(places)
    other = random.choice([one for one in space.options[place] if one != parent[place]])
    return (*parent[:place], other, *parent[place + 1 :])


def tpe(cells: Sequence[str], train: Train, seed: int) -> Iterator[float]:
    """The tree-structured Parzen estimator of Optuna (Bergstra et al., NeurIPS 2011).

    Raises:
        MissingPackageError: If Optuna is not installed.
    """
    optuna, space = _import_optuna(), choices(cells)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction='maximize', sampler=optuna.samplers.TPESampler(seed=seed))
    while True:
        trial = study.ask()
        chosen = tuple(
            trial.suggest_categorical(str(place), options)
            for place, options in enumerate(space.options)
        )
        value = train(space.cells[chosen])
        study.tell(trial, value)
        yield value


def _import_optuna() -> ModuleType:
    try:
        import optuna
    except ImportError as error:
        raise MissingPackageError(
            f"tpe needs the package optuna ({error}): pip install 'ostrdet[optional]', or take evolution"
        ) from error
    module: ModuleType = optuna
    return module


#: By name, what proposes cells and is told their values; it goes on without end, or through all cells.
METHODS: Mapping[str, Callable[[Sequence[str], Train, int], Iterator[float]]] = MappingProxyType(
    {'random': random_search, 'evolution': evolution, 'tpe': tpe}
)


def simulate(
    method: str,
    table: BenchmarkTable,
    budget: int,
    seed: int,
    column: str,
    report: str | None = None,
    cost: str | None = None,
    minimize: bool = False,
) -> Outcome:
    """Let a baseline train ``budget`` cells, by looking them up.

    Args:
        method: One of :data:`METHODS`.
        table: Of one or several files.
        budget: Trainings, from 1; at most the cells of the table.
        seed: Of the baseline's draws; no other generator draws.
        column: What the baseline sees, such as the validation accuracy after a short training.
        report: What is reported of its best cell, such as the test accuracy; ``column`` if None.
        cost: What a training costs; 1 if None.
        minimize: Whether a low value of ``column`` is good.

    Raises:
        InvalidValueError: If the budget is out of its range.
        UnknownNameError: If the table lacks a column; the nearest is offered.
        BenchmarkError: If the method needs all combinations, and the table lacks some.
        MissingPackageError: If the method needs a package.
    """
    found = table.column(column)
    reported = table.column(report or column)
    costs = dict.fromkeys(found, 1.0) if cost is None else table.column(cost)
    cells = [cell for cell in found if cell in reported and cell in costs]
    if not 1 <= budget <= len(cells):
        raise InvalidValueError(
            f"--budget {budget}: expected 1 to {len(cells)}, the cells of '{table.path}' with these columns"
        )
    trained: list[str] = []

    def train(cell: str) -> float:
        trained.append(cell)
        return -found[cell] if minimize else found[cell]

    values = list(islice(METHODS[method](cells, train, seed), budget))
    best = trained[values.index(max(values))]
    total = sum(costs[cell] for cell in trained)
    return Outcome(
        method, seed, budget, len(set(trained)), best, found[best], reported[best], total
    )
