"""The table of a study as Markdown, CSV and LaTeX."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ostrdet.studies.metrics import is_of_search
from ostrdet.studies.pairs import Pair, pair_table
from ostrdet.studies.results import Group, Result, metric_digits, metric_title

MARK = '†'
NOTE = 'Mean over fewer runs than planned'
PAIRED = (
    'Differences seed by seed, mean ± standard deviation, and in how many seeds the row is better:'
)
#: What LaTeX would take for a command.
ESCAPES = str.maketrans(
    {
        '\\': r'\textbackslash{}',
        '~': r'\textasciitilde{}',
        '^': r'\textasciicircum{}',
        '±': r'$\pm$',
        MARK: r'$^\dagger$',
        **{letter: f'\\{letter}' for letter in '&%$#_{}'},
    }
)


def table(groups: Sequence[Group]) -> list[dict[str, str]]:
    """The rows of the table as texts by column; columns that say nothing are left out.

    A mean over fewer runs than planned bears a dagger, and ``n`` says of how many runs.
    """
    labels: Mapping[str, Callable[[Group], str]] = {
        'config': lambda group: group.config,
        'overrides': lambda group: group.overrides,
        'criterion': lambda group: group.criterion,
    }
    shown = {name: of for name, of in labels.items() if any(of(group) for group in groups)}
    return [
        {
            **{name: of(group) or '-' for name, of in shown.items()},
            **{metric_title(name): value_text(group, name) for name in group.spreads},
            'n': count_text(group),
        }
        for group in groups
    ]


def count_text(group: Group) -> str:
    """How many runs are done, and of how many if some are not."""
    whole = group.done == group.planned
    return str(group.done) if whole else f'{group.done} of {group.planned}'


def value_text(group: Group, metric: str) -> str:
    """Mean and standard deviation, marked where runs are lacking.

    Examples:
        >>> from ostrdet.evaluation.seed_statistics import Spread
        >>> group = Group('a', '', '', {'loss': Spread(1.5, 0.25, 2)}, done=2, planned=3)
        >>> value_text(group, 'loss')
        '1.5000 ± 0.2500†'
    """
    found, digits = group.spreads[metric], metric_digits(metric)
    if not found.n:
        return '-'
    text = f'{found.mean:z.{digits}f}'
    if not math.isnan(found.std):
        text += f' ± {found.std:.{digits}f}'
    if group.lacks(metric):
        text += MARK
        if found.n != group.done:
            text += f' ({found.n} of {group.planned})'
    return text


def lacking(results: Sequence[Result]) -> list[str]:
    """The runs that no mean contains, with their states."""
    found = {r.run.name: r.state for r in results if not r.values}
    return [f'{name} ({state})' for name, state in found.items()]


def note(groups: Sequence[Group], results: Sequence[Result]) -> str:
    """What the dagger means and which runs are lacking; '' where nothing is."""
    if not any(group.lacks(name) for group in groups for name in group.spreads):
        return ''
    names = ', '.join(lacking(results))
    return f'{MARK} {NOTE}{f"; lacking: {names}" if names else ""}.'


def shared_note(groups: Sequence[Group]) -> str:
    """Which numbers rows of the same searches share; '' where every row has searches of its own."""
    searches = {(group.config, group.overrides) for group in groups}
    shared = [metric_title(name) for name in groups[0].spreads if is_of_search(name)]
    if len(searches) == len(groups):
        return ''
    text = 'Rows that differ in their criterion alone are of the same searches'
    return f'{text}, and share {", ".join(shared)}.' if shared else f'{text}.'


def notes(groups: Sequence[Group], results: Sequence[Result]) -> str:
    """All that is said below the table."""
    return ' '.join(filter(None, (note(groups, results), shared_note(groups))))


def to_markdown(
    groups: Sequence[Group], results: Sequence[Result], pairs: Sequence[Pair] = ()
) -> str:
    """A pipe table with its notes, and one of paired differences where there are groups to compare."""
    parts = [_markdown_table(table(groups)), notes(groups, results)]
    if pairs:
        parts += [PAIRED, _markdown_table(pair_table(pairs))]
    return '\n'.join(f'{part}\n' for part in parts if part)


def _markdown_table(rows: Sequence[Mapping[str, str]]) -> str:
    lines = [[*rows[0]], ['---'] * len(rows[0]), *([*row.values()] for row in rows)]
    return '\n'.join(f'| {" | ".join(_pipe(cell) for cell in line)} |' for line in lines)


def to_latex(groups: Sequence[Group], results: Sequence[Result]) -> str:
    """A ``tabular``, with a note below it where runs are lacking; it needs no package."""
    rows = table(groups)
    metrics = len(groups[0].spreads) + 1
    align = 'l' * (len(rows[0]) - metrics) + 'r' * metrics
    lines = [
        f'\\begin{{tabular}}{{{align}}}',
        '\\hline',
        _latex_line([*rows[0]]),
        '\\hline',
        *(_latex_line([*row.values()]) for row in rows),
        '\\hline',
        '\\end{tabular}',
    ]
    below = notes(groups, results)
    if below:
        lines.append(f'\\par\\footnotesize {latex(below)}')
    return '\n'.join(lines) + '\n'


def latex(text: str) -> str:
    r"""A text without what LaTeX would take for a command.

    Examples:
        >>> latex('nb201_c10: 93 %')
        'nb201\\_c10: 93 \\%'
    """
    return text.translate(ESCAPES)


def csv_rows(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """The rows of ``table.csv``: every number in full, and how many runs each is a mean of."""
    return [
        {
            'config': group.config,
            'overrides': group.overrides,
            'criterion': group.criterion,
            'done': group.done,
            'planned': group.planned,
            **_columns(group),
        }
        for group in groups
    ]


def run_rows(results: Sequence[Result], metrics: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of ``runs.csv``: one per run and criterion, those that failed too."""
    return [
        {
            'run': result.run.name,
            'config': result.run.config,
            'overrides': result.run.overrides,
            'seed': result.run.seed,
            'state': result.state,
            'criterion': result.criterion,
            **{name: result.values.get(name) for name in metrics},
            'cell': result.cell,
        }
        for result in results
    ]


def _columns(group: Group) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, found in group.spreads.items():
        columns |= {
            f'{name} mean': _known(found.mean),
            f'{name} std': _known(found.std),
            f'{name} n': found.n,
        }
    return columns


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _pipe(text: str) -> str:
    return text.replace('|', '\\|')


def _latex_line(cells: Sequence[str]) -> str:
    return f'{" & ".join(map(latex, cells))} \\\\'
