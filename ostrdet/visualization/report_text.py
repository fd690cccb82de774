"""What the report says in words."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ostrdet.structures import Genotype
from ostrdet.visualization.history import SearchHistory
from ostrdet.visualization.op_kinds import PARAMETER_FREE
from ostrdet.visualization.series import count_ops, num_kept, unchanged_epochs

#: What the criteria of the paper measure, for readers who have not seen it.
MEANINGS = {
    'OperationStrength': 'how much the validation loss would change if an edge used this operation '
    'alone, to first order, times the weight that the search gives it',
    'OperationStrengthStar': 'how much the validation loss would change if an edge used this '
    'operation alone, to first order, whatever weight it has',
    'PruningSaliency': 'how much the validation loss would change if this operation were removed, '
    'to first order',
    'AlphaSaliency': 'the architecture parameter times its gradient, without sign',
    'Magnitude': 'the weight that the search gives the operation, which is how DARTS chooses',
}
#: A cell of more than this part of parameter-free operations has collapsed.
COLLAPSE = 0.5


@dataclass(frozen=True)
class Tile:
    """A number at the head of the page."""

    name: str
    value: str
    note: str = ''


def meaning(criterion: str) -> str:
    """What a criterion measures, or '' where this module does not know it."""
    return MEANINGS.get(criterion, '')


def free_ops(history: SearchHistory) -> list[str]:
    """The operations of the space without parameters."""
    return [op for op, kind in history.op_kinds.items() if kind in PARAMETER_FREE]


def collapse_warnings(history: SearchHistory) -> Iterator[str]:
    """A sentence for every cell that parameter-free operations dominate, of both criteria."""
    free = free_ops(history)
    for criterion in compared(history):
        genotype = history.genotypes[criterion][-1]
        if genotype is None:
            continue
        for cell, spec in history.space.cells.items():
            (count,), kept = count_ops([genotype.cells[cell]], free), num_kept(spec)
            if count > COLLAPSE * kept:
                yield (
                    f'{count:.0f} of the {kept} edges of the {cell_title(history, cell)} of '
                    f'{criterion} carry operations without parameters ({", ".join(free)}). This is '
                    'the collapse that searches by weight are known for: such cells score well in '
                    'the shared network and poorly once they are trained.'
                )


def compared(history: SearchHistory) -> list[str]:
    """The deciding criterion, and the one beside it."""
    return [name for name in (history.facts.criterion, history.rival) if name]


def cell_title(history: SearchHistory, cell: str) -> str:
    """What a cell is called in a sentence.

    A space of a single cell type needs no other word for it than that.
    """
    return 'cell' if len(history.space.cells) == 1 else f'{cell} cell'


def tiles(history: SearchHistory) -> Iterator[Tile]:
    """The numbers at the head of the page."""
    facts, criterion = history.facts, history.facts.criterion
    of = f' of {facts.max_epochs}' if facts.max_epochs else ''
    yield Tile('epoch', f'{history.epochs[-1]}{of}', f'{_hours(history)} in all')
    stable = unchanged_epochs(history.genotypes[criterion])[-1]
    yield Tile('cell unchanged for', f'{stable} epoch{"" if stable == 1 else "s"}')
    accuracy = history.scalars('val_accuracy')[-1]
    if np.isfinite(accuracy):
        yield Tile('supernet accuracy', f'{accuracy:.1f} %', 'all operations together')
    for name in compared(history):
        found = (history.lines[-1].get('benchmark') or {}).get(name)
        if found:
            values = ' / '.join(f'{value:.2f}' for value in found.values())
            yield Tile(f'table, {name}', f'{values} %', ', '.join(found))


def _hours(history: SearchHistory) -> str:
    seconds = history.scalars('seconds').sum()
    minutes = round(seconds / 60)
    return f'{minutes // 60} h {minutes % 60} min' if minutes else f'{seconds:.0f} s'


def comparison(history: SearchHistory) -> str:
    """Whether the two criteria chose the same, in a sentence."""
    names = compared(history)
    if len(names) < 2:
        return ''
    first, second = (history.genotypes[name][-1] for name in names)
    if first is None or second is None:
        return 'There is no choice to compare yet.'
    differing = sum(len(new_edges(second, first, cell)) for cell in history.space.cells)
    if differing == 0:
        return f'{names[0]} and {names[1]} choose the same cell.'
    total = sum(map(num_kept, history.space.cells.values()))
    return f'{names[0]} and {names[1]} differ in {differing} of {total} edges.'


def new_edges(before: Genotype | None, after: Genotype, cell: str) -> list[tuple[str, int]]:
    """The edges of ``after`` that ``before`` lacks, as (operation, source); none if that is None."""
    if before is None:
        return []
    pairs = zip(before.cells[cell].nodes, after.cells[cell].nodes, strict=True)
    return [edge for old, new in pairs for edge in new if edge not in old]
