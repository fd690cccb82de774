"""The command line of ``tools/draw_genotype.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ostrdet.commands.base import Parser, run_cli
from ostrdet.commands.genotype import GENOTYPE_HELP
from ostrdet.commands.options import Options, argument, option
from ostrdet.errors import InvalidValueError

FORMATS = ('svg', 'png', 'pdf', 'dot')
EPILOG = """\
examples:
  python tools/draw_genotype.py darts_v2 --out darts_v2.svg
  python tools/draw_genotype.py work_dirs/ostr_darts_c10/genotype.json --out cell.pdf
  python tools/draw_genotype.py ostr_nb201 --before nb201_resnet --title "since ResNet" --out cell.png
  python tools/draw_genotype.py p-darts --out p-darts.dot
  python tools/draw_genotype.py work_dirs/ostr_nb201_c10 --out cells.svg
"""


@dataclass(frozen=True, kw_only=True)
class DrawOptions(Options):
    """Options of ``tools/draw_genotype.py``."""

    genotype: str = argument(
        'GENOTYPE',
        f'{GENOTYPE_HELP}; the work dir of a search draws the cell of its criterion beside that of '
        'the magnitude, with their accuracies by its table',
    )
    out: str = option(
        'file to write, .svg, .png, .pdf, or .dot for Graphviz', required=True, metavar='FILE'
    )
    before: str | None = option(
        'mark the edges that this genotype does not have', metavar='GENOTYPE'
    )
    title: str | None = option('line above the cells')


def build_parser() -> Parser:
    """The parser of the tool."""
    parser = Parser(
        prog='draw_genotype.py',
        description='Draw the cells of a genotype: inputs above, edges labelled by operation.',
        epilog=EPILOG,
    )
    DrawOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    return run_cli(_draw, build_parser(), argv)


def _draw(args: argparse.Namespace) -> None:
    options = DrawOptions.from_args(args)
    out = Path(options.out)
    if out.suffix.lower().removeprefix('.') not in FORMATS:
        raise InvalidValueError(f"--out: '{out}' ends in none of .{', .'.join(FORMATS)}")
    if Path(options.genotype).is_dir():
        _draw_search(options, out)
        return
    from ostrdet.spaces.zoo import get_genotype
    from ostrdet.visualization.cells.figure import draw_genotype

    before = get_genotype(options.before) if options.before else None
    draw_genotype(get_genotype(options.genotype), out, before=before, title=options.title)


def _draw_search(options: DrawOptions, out: Path) -> None:
    if options.before or out.suffix.lower() == '.dot':
        raise InvalidValueError(
            f"'{options.genotype}' is a work dir, which takes neither --before nor .dot; give its "
            'genotype.json'
        )
    from ostrdet.records.history import read_history
    from ostrdet.visualization.report.two_cells import draw_two_cells

    draw_two_cells(read_history(options.genotype), out, options.title)
