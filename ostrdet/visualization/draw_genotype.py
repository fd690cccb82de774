"""The cells of a genotype as a file."""

from pathlib import Path

from ostrdet.structures import Genotype, GenotypeError
from ostrdet.visualization.cell_figure import cells_figure
from ostrdet.visualization.cell_graph import to_dot
from ostrdet.visualization.style import save_figure, styled


def draw_genotype(
    genotype: Genotype,
    path: str | Path,
    before: Genotype | None = None,
    title: str | None = None,
) -> None:
    """Draw all cells in the format of the suffix: SVG, PNG, PDF, or DOT, the language of Graphviz.

    Args:
        genotype: What to draw.
        path: The file.
        before: A genotype of the same space; the edges that it lacks are marked. Not in DOT.
        title: A line above the cells. Not in DOT.

    Raises:
        GenotypeError: If ``before`` belongs to another space.
        ValueError: If matplotlib does not know the suffix.
        OSError: If the file can't be written.
    """
    path = Path(path)
    if before is not None and dict(before.space) != dict(genotype.space):
        raise GenotypeError(
            f'the genotype to compare with is of {dict(before.space)}, this one of '
            f'{dict(genotype.space)}; give two of one space'
        )
    if path.suffix.lower() == '.dot':
        path.write_text(to_dot(genotype), encoding='utf-8')
        return
    with styled():
        save_figure(cells_figure(genotype, before, title), path)
