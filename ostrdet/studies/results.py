"""What the runs of a study reached: single results, and means that tell what they lack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ostrdet.errors import UnknownNameError
from ostrdet.evaluation.benchmark_table import DATASETS
from ostrdet.evaluation.complexity import Complexity
from ostrdet.evaluation.seed_statistics import Spread, spread
from ostrdet.registry import nearest
from ostrdet.studies.file import Study
from ostrdet.studies.metrics import ACCURACY, METRICS, last_scalar, read_cells
from ostrdet.studies.plan import DONE, Run, state_of


@dataclass(frozen=True)
class Result:
    """What a run reached, for one criterion.

    Attributes:
        run: The run.
        state: 'done', 'failed' or 'not run'.
        criterion: Whose cell it is; '' of a training, and of what is not done.
        values: By metric; empty of a run that is not done, however far it came.
        cell: The chosen cell as text, or ''.
    """

    run: Run
    state: str
    criterion: str
    values: Mapping[str, float | None]
    cell: str = ''


@dataclass(frozen=True)
class Group:
    """The runs that differ in their seed alone.

    Attributes:
        config: Name of their config.
        overrides: Name of their overrides, or ''.
        criterion: Whose cells are compared; '' of a training.
        spreads: By metric, over the runs that are done.
        done: How many are done.
        planned: How many there should be.
    """

    config: str
    overrides: str
    criterion: str
    spreads: Mapping[str, Spread]
    done: int
    planned: int

    def lacks(self, metric: str) -> bool:
        """Whether the mean of a metric is over fewer runs than planned."""
        return self.spreads[metric].n < self.planned


def metric_names(study: Study) -> tuple[str, ...]:
    """The metrics of a study.

    Raises:
        UnknownNameError: If one is unknown; the nearest is offered.
    """
    if study.tool == 'train':
        return study.metrics or (ACCURACY,)
    for name in study.metrics:
        if name not in METRICS:
            raise UnknownNameError(f"metrics: '{name}' is unknown. {nearest(name, METRICS)}")
    by_table = tuple(DATASETS) if study.benchmark else ()
    return study.metrics or (*by_table, 'val_accuracy', 'params')


def metric_title(name: str) -> str:
    """Name and unit, for the head of a column."""
    return METRICS[name].title if name in METRICS else name


def metric_digits(name: str) -> int:
    """How many digits behind the point are shown."""
    return METRICS[name].digits if name in METRICS else 2


def read_results(study: Study, runs: Sequence[Run]) -> list[Result]:
    """The results of all runs, in their order.

    Raises:
        FileNotFoundError, ValueError: If a run that is done has lost its files.
    """
    sizes: dict[str, Complexity] = {}
    return [result for run in runs for result in _results(study, run, sizes)]


def _results(study: Study, run: Run, sizes: dict[str, Complexity]) -> Iterator[Result]:
    names, state = metric_names(study), state_of(run)
    if state != DONE:
        for criterion in study.criteria or ('',):
            yield Result(run, state, criterion, {})
    elif run.tool == 'train':
        yield Result(run, state, '', {name: last_scalar(run.work_dir, name) for name in names})
    else:
        for cell in read_cells(run.work_dir, study.criteria, sizes):
            values = {name: METRICS[name].read(cell) if cell.text else None for name in names}
            yield Result(run, state, cell.criterion, values, cell.text)


def group_key(study: Study, result: Result) -> tuple[str, str, str]:
    """Config, overrides and criterion of the group of a result; '' where they say nothing."""
    return result.run.config, result.run.overrides, result.criterion if study.criteria else ''


def group_label(study: Study, key: tuple[str, str, str]) -> str:
    """A group as people write it: what tells it from the others."""
    config, overrides, criterion = key
    parts = (
        config if len(study.configs) > 1 or not overrides else '',
        overrides,
        criterion if len(study.criteria) > 1 else '',
    )
    return ', '.join(filter(None, parts))


def group_results(study: Study, results: Sequence[Result]) -> list[Group]:
    """Mean and standard deviation over the seeds, in the order of the runs."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        found.setdefault(group_key(study, result), []).append(result)
    return [_group(study, members) for members in found.values()]


def _group(study: Study, members: Sequence[Result]) -> Group:
    criteria = dict.fromkeys(result.criterion for result in members if result.criterion)
    return Group(
        members[0].run.config,
        members[0].run.overrides,
        ', '.join(criteria),
        {
            name: spread(result.values.get(name) for result in members)
            for name in metric_names(study)
        },
        sum(result.state == DONE for result in members),
        len(members),
    )
