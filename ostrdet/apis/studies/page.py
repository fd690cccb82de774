"""The comparison page of a study, from its results."""

from collections.abc import Mapping, Sequence

import numpy as np

from ostrdet.apis.studies.file import Study
from ostrdet.apis.studies.metrics import METRICS
from ostrdet.apis.studies.plan import DONE, read_mark
from ostrdet.apis.studies.results import Group, Result, metric_names, metric_title
from ostrdet.apis.studies.tables import note, table
from ostrdet.evaluation.search_log import SearchLog, read_log
from ostrdet.visualization.report import FILE as REPORT
from ostrdet.visualization.study_page import RunEntry, StudyPage, render_study


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
        note(groups, results),
        {metric_title(name): _values(study, results, name) for name in metric_names(study)},
        _curves(study, results) if study.tool == 'search' else {},
        list({result.run.name: _entry(result) for result in results}.values()),
    )
    return render_study(page)


def _label(study: Study, result: Result) -> str:
    """The group of a result as people write it: what tells it from the others."""
    config = result.run.config if len(study.configs) > 1 or not result.run.overrides else ''
    return ', '.join(filter(None, (config, result.run.overrides)))


def _values(study: Study, results: Sequence[Result], metric: str) -> Mapping[str, list[float]]:
    values: dict[str, list[float]] = {}
    for result in results:
        criterion = result.criterion if len(study.criteria) > 1 else ''
        name = ', '.join(filter(None, (_label(study, result), criterion)))
        numbers = values.setdefault(name, [])
        if (value := result.values.get(metric)) is not None:
            numbers.append(value)
    return values


def _curves(study: Study, results: Sequence[Result]) -> Mapping[str, Mapping[str, np.ndarray]]:
    """The metrics that have a number every epoch, of the criterion that decided each search."""
    logs: dict[str, list[SearchLog]] = {}
    for result in {result.run: result for result in results}.values():
        of_group = logs.setdefault(_label(study, result), [])
        if result.state == DONE:
            of_group.append(read_log(result.run.work_dir))
    curves = {
        name: {group: _by_epoch(found, name) for group, found in logs.items()}
        for name in metric_names(study)
        if METRICS[name].curve is not None
    }
    return {
        metric_title(name): groups
        for name, groups in curves.items()
        if any(np.isfinite(values).any() for values in groups.values())
    }


def _by_epoch(logs: Sequence[SearchLog], metric: str) -> np.ndarray:
    """A number per search and epoch, NaN where there is none. Shape (N, T)."""
    curve = METRICS[metric].curve
    assert curve is not None
    values = np.full((len(logs), max((log.lines[-1]['epoch'] for log in logs), default=0)), np.nan)
    for index, log in enumerate(logs):
        for line in log.lines:
            value = curve(log, line)
            values[index, line['epoch'] - 1] = np.nan if value is None else value
    return values


def _entry(result: Result) -> RunEntry:
    run, mark = result.run, read_mark(result.run)
    failure = mark.message if mark is not None and result.state != DONE else ''
    has_report = (run.work_dir / REPORT).is_file()
    link = f'{run.name}/{REPORT}' if has_report else ''
    return RunEntry(run.name, result.state, result.cell or failure, link)
