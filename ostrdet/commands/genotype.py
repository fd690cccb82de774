"""The command line of ``tools/genotype.py``; torch is imported after the arguments are parsed."""

import argparse
from collections.abc import Sequence

from ostrdet.commands.base import Parser, run_cli
from ostrdet.structures.text_formats import TEXT_FORMATS

GENOTYPE_HELP = (
    'published name (see configs/genotypes), genotype file (FILE, or FILE#NAME for one of several), '
    'or text in quotes'
)
EPILOG = """\
examples:
  python tools/genotype.py list fairdarts
  python tools/genotype.py show darts_v2
  python tools/genotype.py validate work_dirs/ostr_darts_c10/genotype.json
  python tools/genotype.py diff pc-darts_c10 pc-darts_in1k
  python tools/genotype.py convert ostr_nb201 --to nb201
  python tools/genotype.py convert "Genotype(normal=[...], ...)" --to json --out mine.json
  python tools/genotype.py complexity p-darts --layout imagenet --json
  python tools/genotype.py complexity p-darts --detector
  python tools/genotype.py zoo --write
  python tools/genotype.py zoo --write --only fairdarts_b

exit status: 0, 1 if 'diff' found a difference or 'zoo' a stale file, 2 after an error
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    return run_cli(_run, build_parser(), argv)


def _run(args: argparse.Namespace) -> int | None:
    from ostrdet.commands.genotype_verbs import COMMANDS

    return COMMANDS[args.command](args)


def build_parser() -> Parser:
    """The parser, with a subparser for each command."""
    parser = Parser(
        prog='genotype.py',
        description='List, show, check, compare, convert and measure genotypes.',
        epilog=EPILOG,
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')

    def command(name: str, text: str, *operands: str) -> Parser:
        sub: Parser = commands.add_parser(name, help=text, description=f'{text.capitalize()}.')
        for operand in operands:
            sub.add_argument(operand, metavar=operand.upper(), help=GENOTYPE_HELP)
        return sub

    listed = command('list', 'print the names of the published genotypes, and how they were found')
    listed.add_argument('word', nargs='?', default='', help='only those with this in their line')
    command('show', 'print the cells, where they come from, and their text form', 'genotype')
    command('validate', 'check that a genotype belongs to its space', 'genotype')
    command('diff', 'list the edges in which two genotypes differ', 'first', 'second')
    convert = command('convert', 'write a genotype in another form', 'genotype')
    convert.add_argument(
        '--to',
        required=True,
        choices=('json', *TEXT_FORMATS),
        help='json is our genotype file; the others are text forms, of which a space has one',
    )
    convert.add_argument('--out', metavar='FILE', help='file to write (default: standard output)')
    _add_complexity_options(
        command(
            'complexity', 'count parameters and multiply-adds of the derived network', 'genotype'
        )
    )
    _add_zoo_options(
        command(
            'zoo',
            'count the published genotypes anew, and check what is generated from them (ten minutes)',
        )
    )
    return parser


def _add_complexity_options(parser: Parser) -> None:
    parser.add_argument(
        '--layout',
        default='cifar10',
        help='size of the network: cifar10 (default), cifar100, imagenet or imagenet16_120, as far '
        'as the space has it',
    )
    parser.add_argument(
        '--detector',
        nargs='?',
        const='',
        metavar='CONFIG',
        help='count the backbone alone and the whole detector of CONFIG (default: RetinaNet of '
        'configs/retinanet)',
    )
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def _add_zoo_options(parser: Parser) -> None:
    parser.add_argument('--write', action='store_true', help='write the files that are stale')
    parser.add_argument(
        '--root', default='.', metavar='DIR', help='checkout (default: this folder)'
    )
    parser.add_argument(
        '--only',
        nargs='+',
        metavar='NAME',
        help='count these alone, and take what is recorded for the others (seconds each)',
    )
