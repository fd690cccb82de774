"""The comparison page of a study, from its results."""

from collections.abc import Mapping, Sequence

import numpy as np

from ostrdet.records.files import REPORT
from ostrdet.records.search_log import SearchLog, read_log
from ostrdet.records.stages import searches_of
from ostrdet.studies.file import Study
from ostrdet.studies.metrics import METRICS, is_of_search
from ostrdet.studies.pairs import compare_groups, pair_table
from ostrdet.studies.plan import DONE, Run, read_mark
from ostrdet.studies.results import (
    Group,
    Result,
    group_key,
    group_label,
    metric_names,
    metric_title,
)
from ostrdet.studies.tables import notes, table
from ostrdet.visualization.study_page import RunEntry, StudyPage, render_study

#: In the place of a criterion, where a number is the same for all of them.
ALL = 'all criteria'


def study_page(study: Study, groups: Sequence[Group], results: Sequence[Result], text: str) -> str:
    """The page as HTML.

    Args:
        study: The study.
        groups: Its groups.
        results: Its results.
        text: Its file.
    """
    page = StudyPage(
        study.name,
        text,
        table(groups),
        notes(groups, results),
        {metric_title(name): _values(study, results, name) for name in metric_names(study)},
        _curves(study, results) if study.tool == 'search' else {},
        _entries(results),
        pair_table(compare_groups(study, results)),
    )
    return render_study(page)


def _label(study: Study, result: Result, metric: str) -> str:
    """What a number belongs to: a group, or all criteria of its searches."""
    config, overrides, criterion = group_key(study, result)
    return group_label(study, (config, overrides, ALL if is_of_search(metric) else criterion))


def _values(study: Study, results: Sequence[Result], metric: str) -> Mapping[str, list[float]]:
    values: dict[str, dict[str, float]] = {}
    for result in results:
        numbers = values.setdefault(_label(study, result, metric), {})
        if (value := result.values.get(metric)) is not None:
            numbers[result.run.name] = value
    return {name: [*numbers.values()] for name, numbers in values.items()}


def _curves(study: Study, results: Sequence[Result]) -> Mapping[str, Mapping[str, np.ndarray]]:
    """The metrics that have a number every epoch, for every group that has numbers of its own."""
    done = {result.run: result for result in results if result.state == DONE}
    logs = {run: read_log(searches_of(run.work_dir)[-1]) for run in done}
    curves = {
        name: _curves_of(study, results, logs, name)
        for name in metric_names(study)
        if METRICS[name].curve is not None
    }
    return {
        metric_title(name): groups
        for name, groups in curves.items()
        if any(np.isfinite(values).any() for values in groups.values())
    }


def _curves_of(
    study: Study, results: Sequence[Result], logs: Mapping[Run, SearchLog], metric: str
) -> Mapping[str, np.ndarray]:
    found: dict[str, dict[Run, tuple[SearchLog, str]]] = {}
    for result in results:
        of_group = found.setdefault(_label(study, result, metric), {})
        if result.run in logs:
            log = logs[result.run]
            of_group[result.run] = log, result.criterion or log.criterion
    return {group: _by_epoch([*of.values()], metric) for group, of in found.items()}


def _by_epoch(logs: Sequence[tuple[SearchLog, str]], metric: str) -> np.ndarray:
    """A number per search with its criterion and epoch, NaN where there is none. Shape (N, T)."""
    curve = METRICS[metric].curve
    assert curve is not None
    most = max((log.lines[-1]['epoch'] for log, _ in logs), default=0)
    values = np.full((len(logs), most), np.nan)
    for index, (log, criterion) in enumerate(logs):
        for line in log.lines:
            value = curve(log, line, criterion)
            values[index, line['epoch'] - 1] = np.nan if value is None else value
    return values


def _entries(results: Sequence[Result]) -> list[RunEntry]:
    """A line per run, with what each of its criteria chose."""
    by_run: dict[Run, list[Result]] = {}
    for result in results:
        by_run.setdefault(result.run, []).append(result)
    return [_entry(run, of_run) for run, of_run in by_run.items()]


def _entry(run: Run, results: Sequence[Result]) -> RunEntry:
    mark, state = read_mark(run), results[0].state
    failure = mark.message if mark is not None and state != DONE else ''
    cells = {result.criterion: result.cell for result in results if result.cell}
    has_report = (run.work_dir / REPORT).is_file()
    link = f'{run.name}/{REPORT}' if has_report else ''
    return RunEntry(run.name, state, failure, link, cells)
