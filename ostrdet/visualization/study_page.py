"""``study.html``: one page that compares the groups of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.ticker import MaxNLocator

from ostrdet.version import __version__
from ostrdet.visualization.curves import WIDTH, Curve, box, curves_svg
from ostrdet.visualization.page import PAGES, Notice, Picture, Tile, picture
from ostrdet.visualization.panels import spread_row
from ostrdet.visualization.style import inline_svg, new_figure, styled

ROW = 26.0
TOP, RIGHT, BOTTOM = 8.0, 12.0, 38.0
#: Points that a letter of a group's name takes, and room for the name of the axis.
LETTER, AXIS = 5.4, 30.0
MOST_LEFT = 0.55 * WIDTH


@dataclass(frozen=True)
class RunEntry:
    """A line of the list of runs.

    Attributes:
        name: The run.
        state: 'done', 'failed' or 'not run'.
        text: Why it failed, or ''.
        link: Its report, relative to the page; '' where there is none.
        cells: What it chose, by criterion.
    """

    name: str
    state: str
    text: str
    link: str = ''
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyPage:
    """What the page shows.

    Attributes:
        name: Of the study.
        text: Its file.
        rows: The table, texts by column.
        note: What stands below the table.
        values: By metric with its unit, then by group: a number per run.
        curves: By metric with its unit, then by group: numbers of runs by epochs. Shape (N, T),
            NaN where there is none, N zero where no run is done.
        runs: All runs.
        pairs: Groups against the first one, seed by seed, texts by column; empty of a single group.
    """

    name: str
    text: str
    rows: Sequence[Mapping[str, str]]
    note: str
    values: Mapping[str, Mapping[str, Sequence[float]]]
    curves: Mapping[str, Mapping[str, np.ndarray]]
    runs: Sequence[RunEntry]
    pairs: Sequence[Mapping[str, str]] = ()


def render_study(page: StudyPage) -> str:
    """The page as HTML that loads nothing; runs are linked to their reports beside it."""
    sections = {
        'Run by run': [_dots(title, groups) for title, groups in page.values.items()],
        'Epoch by epoch': [_curves(title, groups) for title, groups in page.curves.items()],
    }
    return PAGES.get_template('study.html.j2').render(
        name=page.name,
        tiles=_tiles(page),
        warnings=_warnings(page),
        rows=page.rows,
        note=page.note,
        pairs=page.pairs,
        sections={title: found for title, found in sections.items() if found},
        runs=page.runs,
        text=page.text,
        version=__version__,
    )


def _tiles(page: StudyPage) -> list[Tile]:
    done = sum(run.state == 'done' for run in page.runs)
    return [Tile('groups', str(len(page.rows))), Tile('runs done', f'{done} of {len(page.runs)}')]


def _warnings(page: StudyPage) -> list[Notice]:
    failed = [run.name for run in page.runs if run.state == 'failed']
    open_ = [run.name for run in page.runs if run.state not in {'done', 'failed'}]
    notices = []
    if failed:
        text = f'Failed, and in no mean: {", ".join(failed)}. See the list of runs for the reasons.'
        notices.append(Notice(text, is_alarm=True))
    if open_:
        text = f'Not finished, and in no mean: {", ".join(open_)}. Continue with --resume.'
        notices.append(Notice(text, is_alarm=False))
    return notices


def _dots(title: str, groups: Mapping[str, Sequence[float]]) -> Picture:
    label, height = f'All runs: {title}', TOP + BOTTOM + ROW * len(groups)
    left = min(MOST_LEFT, AXIS + LETTER * max(map(len, groups)))
    with styled():
        figure = new_figure(WIDTH, height)
        axes = figure.add_axes(box(WIDTH, height, left, BOTTOM, RIGHT, TOP))
        for index, numbers in enumerate(groups.values()):
            if len(numbers):
                spread_row(axes, index, numbers)
        axes.set_yticks(range(len(groups)), [_broken(name) for name in groups])
        axes.set_ylim(len(groups) - 0.5, -0.5)  # the first group on top
        axes.set_xlabel(title)
        axes.set_ylabel('group')
        axes.xaxis.set_major_locator(MaxNLocator(4))
        svg = inline_svg(figure, label)
    caption = (
        'Small dots are single runs; markers and bars are mean and standard deviation over seeds.'
    )
    return picture(label, caption, svg)


def _curves(title: str, groups: Mapping[str, np.ndarray]) -> Picture:
    epochs = np.arange(1, max(values.shape[1] for values in groups.values()) + 1)
    curves = [
        Curve(name, _means(values, len(epochs)), index, is_main=index == 0)
        for index, (name, values) in enumerate(groups.items())
        if len(values)
    ]
    label = f'Means: {title}'
    caption = (
        'Means over the runs that are done; a curve ends where the first of them stopped. Where it '
        'is an accuracy by a table, it is that of the cell chosen after the epoch.'
    )
    return picture(label, caption, curves_svg(label, title, epochs, curves))


def _means(values_NT: np.ndarray, length: int) -> np.ndarray:
    """Means over runs, NaN from where one has no number."""
    padded = np.full((len(values_NT), length), np.nan)
    padded[:, : values_NT.shape[1]] = values_NT
    means: np.ndarray = padded.mean(axis=0)
    return means


def _broken(name: str) -> str:
    """A long name on two lines, broken behind a comma or an underscore near its middle."""
    if len(name) * LETTER + AXIS <= MOST_LEFT:
        return name
    breaks = [index + 1 for index, letter in enumerate(name) if letter in ' ,_-']
    middle = min(breaks, key=lambda index: abs(index - len(name) / 2), default=len(name))
    return f'{name[:middle]}\n{name[middle:]}'
