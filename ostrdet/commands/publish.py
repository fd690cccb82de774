"""The command line of ``tools/publish.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import argument, flag, option
from ostrdet.commands.run_options import ModelOptions
from ostrdet.invocation import command

EPILOG = """examples:
  python tools/publish.py work_dirs/darts_c10/darts_c10.py work_dirs/darts_c10/epoch_600.pth
  python tools/publish.py configs/retrain/darts_c10.py work_dirs/mine/epoch_600.pth \\
      --genotype work_dirs/ostr_darts_c10/genotype.json --name ostr_c10 --out-dir published

writes
  NAME-HASH.safetensors  the weights, to be read without pickle; genotype and config in its header
  NAME-HASH.py           the config, with the genotype in it
  NAME-HASH.json         the genotype file
HASH is the start of the SHA-256 of the weights' file; the same input gives the same files.
Exit status: 0 done, 2 bad input.
"""


@dataclass(frozen=True, kw_only=True)
class PublishOptions(ModelOptions):
    """Options of ``tools/publish.py``: the arguments of :func:`ostrdet.apis.publish.publish`."""

    checkpoint: str = argument('CHECKPOINT', 'checkpoint, such as epoch_600.pth')
    out_dir: str | None = option(
        'where the files go; default the folder of the checkpoint', metavar='DIR'
    )
    name: str | None = option('start of their names; default the name of the config')
    drop_aux: bool = flag('leave out the auxiliary head, which only training needs')


def build_parser() -> Parser:
    """The parser of ``tools/publish.py``."""
    parser = Parser(
        prog='publish.py',
        description='Publish a checkpoint: its weights, genotype and config, named by their hash.',
        epilog=EPILOG,
    )
    PublishOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Publish what the command line names; returns the exit status."""
    return run_cli(_publish, build_parser(), argv)


def _publish(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.publish import publish

    files = publish(**vars(PublishOptions.from_args(args)))
    for what, path in files._asdict().items():
        print(f'{what:<10}{path}')
    print(f'next: {command("test", files.config, files.weights)}')
