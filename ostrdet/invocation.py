"""How the tools are started and configs named: as in a checkout, or as a wheel alone has them."""

import os
import re
import shlex
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
#: The console script, and the first word of the name of a config that the package carries.
PROGRAM = 'ostrdet'
PREFIX = f'{PROGRAM}::'
_SCRIPT = re.compile(r'python tools/(\w+)\.py')
_CONFIG = re.compile(r'(?<![\w/])configs/(?=\w)')


def configs_folder() -> Path:
    """The folder of the configs: inside the installed package, or beside it in a checkout."""
    installed = PACKAGE / 'configs'
    return installed if installed.is_dir() else PACKAGE.parent / 'configs'


def find_config(name: str | os.PathLike[str]) -> Path:
    """The path of a config, which ``ostrdet::search/NAME.py`` names among those of the package.

    Examples:
        >>> find_config('mine.py')
        PosixPath('mine.py')
        >>> find_config('ostrdet::search/ostr_darts_c10.py').is_file()
        True
    """
    text = os.fspath(name)
    return configs_folder() / text.removeprefix(PREFIX) if text.startswith(PREFIX) else Path(text)


def packaged_name(path: str | os.PathLike[str]) -> str | None:
    """How the package calls a config that is named as in a checkout; None if it has no such one.

    Examples:
        >>> packaged_name('configs/search/ostr_darts_c10.py')
        'ostrdet::search/ostr_darts_c10.py'
    """
    text = os.fspath(path)
    name = PREFIX + text.removeprefix('configs/')
    return name if text.startswith('configs/') and find_config(name).is_file() else None


def packaged_names() -> list[str]:
    """What the configs that the package carries are called, without those to inherit from."""
    folder = configs_folder()
    paths = (path.relative_to(folder) for path in sorted(folder.rglob('*.py')))
    return [f'{PREFIX}{path.as_posix()}' for path in paths if path.parts[0] != '_base_']


def uses_scripts() -> bool:
    """Whether the reader has the scripts of ``tools/`` before him, and did not start ``ostrdet``."""
    if sys.argv and Path(sys.argv[0]).name == PROGRAM:
        return False
    return (Path('tools') / 'search.py').resolve() == PACKAGE.parent / 'tools' / 'search.py'


def program(tool: str) -> str:
    """What the usage of a tool calls it: ``search.py``, or ``ostrdet search``."""
    return f'{tool}.py' if uses_scripts() else f'{PROGRAM} {_subcommand(tool)}'


def command(tool: str, *arguments: object) -> str:
    """The line that runs a tool from here, quoted for the shell.

    Args:
        tool: Name of its script.
        arguments: A config of ours as in a checkout, ``configs/retrain/NAME.py``; it is called as
            the reader has it.
    """
    words = ['python', f'tools/{tool}.py'] if uses_scripts() else [PROGRAM, _subcommand(tool)]
    return shlex.join([*words, *map(_as_here, map(str, arguments))])


def as_here(text: str) -> str:
    """A text with commands of a checkout, as they are given from here."""
    if uses_scripts():
        return text
    text = _SCRIPT.sub(lambda found: f'{PROGRAM} {_subcommand(found[1])}', text)
    return _CONFIG.sub(PREFIX, text)


def _subcommand(tool: str) -> str:
    return tool.replace('_', '-')


def _as_here(argument: str) -> str:
    """A config that lies where it is named, or else the package's."""
    is_here = uses_scripts() or Path(argument).exists()
    return argument if is_here else packaged_name(argument) or argument
