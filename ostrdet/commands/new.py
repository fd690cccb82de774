"""The command line of ``tools/new.py``: a folder for a project of one's own, outside of the checkout."""

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ostrdet.commands.base import Parser, run_cli
from ostrdet.commands.options import Options, argument

EPILOG = """examples:
  python tools/new.py my-project

Writes README.md, search.py, train.py and my_project_parts.py, which holds an operation and a
criterion of your own, and writes over nothing. Exit status: 0 done, 2 a file is there already.
"""
#: What stands for the name of the project in the templates.
NAME = 'PROJECT'
SUFFIX = '.in'


@dataclass(frozen=True, kw_only=True)
class NewOptions(Options):
    """Options of ``tools/new.py``: the arguments of :func:`write_project`."""

    folder: str = argument('DIR', 'folder of the project; it is made if it is not there')


def build_parser() -> Parser:
    """The parser of ``tools/new.py``."""
    parser = Parser(
        prog='new.py', description='Begin a project of your own in a folder.', epilog=EPILOG
    )
    NewOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the project that the command line asks for; returns the exit status."""
    return run_cli(_new, build_parser(), argv)


def _new(args: argparse.Namespace) -> None:
    options = NewOptions.from_args(args)
    for path in write_project(**vars(options)):
        print(f'written: {path}')
    print(f'next: cd {shlex.quote(options.folder)} && ostrdet search search.py')


def write_project(folder: str | Path) -> list[Path]:
    """Write the files of a project: two configs that inherit from the package, own parts, a README.

    Args:
        folder: Its last part names the project.

    Returns:
        The files.

    Raises:
        FileExistsError: If one of them, or a file called as the folder, is there; nothing is written.
        OSError: If the folder can't be written to.
    """
    folder = Path(folder)
    name = module_name(folder.resolve().name)
    contents = {
        folder / template.name.removesuffix(SUFFIX).replace(NAME, name): template.read_text('utf-8')
        for template in files('ostrdet.commands').joinpath('project').iterdir()
        if template.name.endswith(SUFFIX)
    }
    places = [folder] if folder.exists() and not folder.is_dir() else sorted(contents)
    for path in places:
        if path.exists() or path.is_symlink():
            raise FileExistsError(f"'{path}' is there already, and stays; give another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in contents.items():
        with path.open('x', encoding='utf-8') as stream:
            stream.write(text.replace(NAME, name))
    return places


def module_name(text: str) -> str:
    """The beginning of a module's name that a text gives.

    Examples:
        >>> module_name('My-project'), module_name('2nd try'), module_name('...')
        ('my_project', 'project_2nd_try', 'project')
    """
    name = re.sub(r'\W+', '_', text, flags=re.ASCII).strip('_').lower()
    return name if name.isidentifier() else f'project_{name}'.rstrip('_')
