"""What the report says in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ostrdet.models.ops.op_kinds import IDENTITY, PARAMETER_FREE
from ostrdet.records.history import SearchHistory
from ostrdet.registry import CRITERIA
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellPlan, Genotype
from ostrdet.visualization.page import Tile
from ostrdet.visualization.report.series import num_kept, unchanged_epochs


def meaning(criterion: str) -> str:
    """What a criterion measures, or '' if it does not say, or its module is not imported."""
    CRITERIA.import_from_location()
    return getattr(CRITERIA.module_dict.get(criterion), 'meaning', '')


def free_ops(history: SearchHistory) -> list[str]:
    """The operations of the space without parameters."""
    return [op for op, kind in history.op_kinds.items() if kind in PARAMETER_FREE]


def skip_ops(history: SearchHistory) -> list[str]:
    """The operations of the space that pass on what they get."""
    return [op for op, kind in history.op_kinds.items() if kind == IDENTITY]


def selectable(history: SearchHistory) -> list[int]:
    """Indices of the operations that may be chosen."""
    space = history.space
    return [index for index, op in enumerate(space.ops) if op in space.selectable_ops]


def cell_counts(space: SearchSpace) -> Mapping[str, int]:
    """How many cells of each type the network has, in the first published size, or one of each."""
    layout = next(iter(space.layouts.values()), None)
    if layout is None:
        return dict.fromkeys(space.cells, 1)
    layers = space.plan(layout.stem, layout.channels, layout.num_cells).layers
    return Counter(layer.cell_type for layer in layers if isinstance(layer, CellPlan))


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
    yield Tile(
        'epoch', f'{history.epochs[-1]}{of}', f'{spent(history.scalars("seconds").sum())} in all'
    )
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


def spent(seconds: float) -> str:
    """A time in whole minutes, or seconds where there is none."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f'{minutes // 60} h {minutes % 60} min'
    return f'{minutes} min' if minutes else f'{seconds:.0f} s'


def genotype_text(history: SearchHistory, criterion: str) -> str:
    """What a criterion chose last."""
    genotype = history.genotypes[criterion][-1]
    return 'no choice yet' if genotype is None else history.space.format(genotype)


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
    told = f'{names[0]} and {names[1]} differ in {differing} of {total} edges.'
    return f'{told} {_table_comparison(history, names)}'.rstrip()


def _table_comparison(history: SearchHistory, names: Sequence[str]) -> str:
    found = history.lines[-1].get('benchmark') or {}
    first, second = (found.get(name) for name in names)
    if not first or not second:
        return ''
    dataset = next(iter(first))
    return (
        f'Trained in full, their cells reach {first[dataset]:.2f} % and {second[dataset]:.2f} % on '
        f'{dataset}, by the table.'
    )


def new_edges(before: Genotype | None, after: Genotype, cell: str) -> list[tuple[str, int]]:
    """The edges of ``after`` that ``before`` lacks, as (operation, source); none if that is None."""
    if before is None:
        return []
    pairs = zip(before.cells[cell].nodes, after.cells[cell].nodes, strict=True)
    return [edge for old, new in pairs for edge in new if edge not in old]
