"""``report.html`` of a search in stages: what each of them left, and their curves joined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from ostrdet.records.files import REPORT
from ostrdet.records.history import SearchHistory, read_history
from ostrdet.records.trajectory import DEFAULTS
from ostrdet.spaces import SearchSpace
from ostrdet.version import __version__
from ostrdet.visualization.page import PAGES, Picture, Tile
from ostrdet.visualization.report import pictures as pictures
from ostrdet.visualization.report.judgement import collapse_warnings
from ostrdet.visualization.report.series import count_ops, num_kept
from ostrdet.visualization.report.text import compared, genotype_text, skip_ops, spent

#: Stands between two stages, so that curves break there.
BREAK: Mapping[str, Any] = {**DEFAULTS, 'genotypes': {}, 'scores': {}}


@dataclass(frozen=True)
class StageEntry:
    """A row of the table of stages.

    Attributes:
        name: The folder.
        link: Its page, relative to that of all stages; '' where there is none.
        texts: By column.
    """

    name: str
    link: str
    texts: Mapping[str, str]


def report_of_stages(work_dir: Path, folders: Sequence[Path]) -> str:
    """The page of a search in stages, as HTML that loads nothing; stages are linked to their own.

    Args:
        work_dir: The folder that holds those of the stages.
        folders: Those of the stages that have begun; one without an epoch yet is left out.

    Raises:
        FileNotFoundError: If no stage has finished an epoch yet.
        InvalidValueError: If a file is damaged.
    """
    found = {folders[0]: read_history(folders[0])}
    for folder in folders[1:]:
        try:
            found[folder] = read_history(folder)
        except FileNotFoundError:  # it has begun, no more
            break
    *_, last = found.values()
    seconds = sum(history.scalars('seconds').sum() for history in found.values())
    epochs = sum(len(history.lines) for history in found.values())
    return PAGES.get_template('stages.html.j2').render(
        name=last.facts.config or work_dir.resolve().name,
        tiles=[
            Tile('stages', str(len(found))),
            Tile('epochs', str(epochs), f'{spent(seconds)} in all'),
        ],
        warnings=list(collapse_warnings(last)),
        stages=[_entry(work_dir, *item) for item in found.items()],
        cells=list(pictures.cell_pictures(last)),
        genotypes={name: genotype_text(last, name) for name in compared(last)},
        pictures=list(_joined_pictures(list(found.values()))),
        next_command=last.facts.next_command,
        version=__version__,
    )


def _entry(work_dir: Path, folder: Path, history: SearchHistory) -> StageEntry:
    link = f'{folder.relative_to(work_dir)}/{REPORT}' if (folder / REPORT).is_file() else ''
    of = f' of {history.facts.max_epochs}' if history.facts.max_epochs else ''
    accuracy = history.scalars('val_accuracy')[-1]
    chosen = history.genotypes[history.facts.criterion][-1]
    texts = {
        'epochs': f'{history.epochs[-1]}{of}',
        'candidates of an edge': _candidates(history.space),
        'supernet accuracy, %': f'{accuracy:.1f}' if np.isfinite(accuracy) else '',
        **{
            f'skips, {cell}': ''
            if chosen is None
            else f'{count_ops([chosen.cells[cell]], skip_ops(history))[0]:.0f} of {num_kept(spec)}'
            for cell, spec in history.space.cells.items()
        },
        'time': spent(history.scalars('seconds').sum()),
    }
    return StageEntry(folder.name, link, texts)


def _candidates(space: SearchSpace) -> str:
    counts = {
        len(space.ops_of(name, edge))
        for name, spec in space.cells.items()
        for edge in range(len(spec.edges))
    }
    least, most = min(counts), max(counts)
    return str(most) if least == most else f'{least} to {most}'


def _joined_pictures(histories: Sequence[SearchHistory]) -> Iterator[Picture]:
    """Curves over the epochs of all stages; of choices only where all stages share their cells."""
    joined = join(histories)
    if len({_shape(history) for history in histories}) == 1:
        yield from pictures.table_pictures(joined)
        yield pictures.stability_picture(joined)
        yield from pictures.collapse_pictures(joined)
    yield from pictures.training_pictures(joined)
    yield from pictures.progress_pictures(joined)


def _shape(history: SearchHistory) -> str:
    return repr(_whole(history.facts.space))


def _whole(space: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a space with all candidates on every edge."""
    return {key: value for key, value in space.items() if key != 'candidates'}


def join(histories: Sequence[SearchHistory]) -> SearchHistory:
    """The stages as one search, whose epochs are counted on, with a line of nothing between two.

    Args:
        histories: Of the stages, in their order.
    """
    last = histories[-1]
    counts = [int(history.epochs[-1]) for history in histories]
    lines: list[Mapping[str, Any]] = []
    for before, history in zip(accumulate([0, *counts]), histories, strict=False):
        if lines:
            lines.append({**BREAK, 'epoch': before + 0.5})
        lines += [{**line, 'epoch': before + line['epoch']} for line in history.lines]
    return SearchHistory(replace(last.facts, space=_whole(last.facts.space)), lines)
