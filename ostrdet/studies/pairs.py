"""Groups against each other, seed by seed: runs of one seed share their data and first weights."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ostrdet.evaluation.seed_statistics import Spread, spread
from ostrdet.studies.file import Study
from ostrdet.studies.metrics import is_lower_better, is_of_search
from ostrdet.studies.results import (
    Result,
    group_key,
    group_label,
    metric_digits,
    metric_names,
    metric_title,
)

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Pair:
    """A group against the first group of the study, by one metric.

    Attributes:
        group: The group.
        reference: The first group.
        metric: The metric.
        difference: Of the group's numbers from those of the reference, over the seeds of both.
        wins: In how many of those seeds the group is better.
        ties: In how many they are equal.
    """

    group: str
    reference: str
    metric: str
    difference: Spread
    wins: int
    ties: int


def compare_groups(study: Study, results: Sequence[Result]) -> list[Pair]:
    """Every group but the first against the first, by every metric in which they can differ.

    A seed counts where both groups have a number. Groups of the same searches differ in their cells
    alone, so a metric of the search is left out.
    """
    groups: dict[Key, dict[int, Result]] = {}
    for result in results:
        groups.setdefault(group_key(study, result), {})[result.run.seed] = result
    first, *others = groups
    return [
        _pair(study, metric, (first, groups[first]), (key, groups[key]))
        for key in others
        for metric in metric_names(study)
        if key[:2] != first[:2] or not is_of_search(metric)
    ]


def _pair(
    study: Study,
    metric: str,
    reference: tuple[Key, Mapping[int, Result]],
    group: tuple[Key, Mapping[int, Result]],
) -> Pair:
    differences = list(_differences(metric, reference[1], group[1]))
    sign = -1 if is_lower_better(metric) else 1
    return Pair(
        group_label(study, group[0]),
        group_label(study, reference[0]),
        metric,
        spread(differences),
        sum(sign * value > 0 for value in differences),
        differences.count(0.0),
    )


def _differences(
    metric: str, reference: Mapping[int, Result], group: Mapping[int, Result]
) -> Iterator[float]:
    for seed, result in group.items():
        if seed not in reference:
            continue
        ours, theirs = result.values.get(metric), reference[seed].values.get(metric)
        if ours is not None and theirs is not None and math.isfinite(ours - theirs):
            yield ours - theirs


def pair_table(pairs: Sequence[Pair]) -> list[dict[str, str]]:
    """A row per group as texts by column: its difference from the reference, and its wins."""
    rows: dict[str, dict[str, str]] = {}
    titles = dict.fromkeys(metric_title(pair.metric) for pair in pairs)
    for pair in pairs:
        head = f'against {pair.reference}'
        row = rows.setdefault(pair.group, {head: pair.group, **dict.fromkeys(titles, '-')})
        row[metric_title(pair.metric)] = pair_text(pair)
    return list(rows.values())


def pair_text(pair: Pair) -> str:
    """The difference with its standard deviation, and the wins.

    Examples:
        >>> pair_text(Pair('b', 'a', 'cifar10', Spread(0.7, 0.25, 5), wins=3, ties=1))
        '+0.70 ± 0.25, better in 3 of 5, equal in 1'
    """
    found, digits = pair.difference, metric_digits(pair.metric)
    if not found.n:
        return '-'
    text = f'{found.mean:+z.{digits}f}'
    if not math.isnan(found.std):
        text += f' ± {found.std:.{digits}f}'
    text += f', better in {pair.wins} of {found.n}'
    return text + (f', equal in {pair.ties}' if pair.ties else '')


def pair_rows(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """The rows of ``pairs.csv``: every number in full."""
    return [
        {
            'group': pair.group,
            'reference': pair.reference,
            'metric': pair.metric,
            'n': pair.difference.n,
            'mean difference': None if math.isnan(pair.difference.mean) else pair.difference.mean,
            'std': None if math.isnan(pair.difference.std) else pair.difference.std,
            'wins': pair.wins,
            'ties': pair.ties,
        }
        for pair in pairs
    ]
