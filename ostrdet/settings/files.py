"""Config files as they lie on the disk: what is wrong with one is said with its name."""

import ast
import difflib
import re
from pathlib import Path
from typing import Any

from mmengine import fileio
from mmengine.config import Config

from ostrdet.compat.prepare import prepare
from ostrdet.errors import InvalidValueError
from ostrdet.invocation import PREFIX, find_config, packaged_name, packaged_names
from ostrdet.settings.own_modules import import_own_modules

#: By suffix: whether the file is a program, which its user trusts, or data, which runs nothing.
SUFFIXES = {'.py': True, '.json': False, '.yaml': False, '.yml': False}

#: Least similarity of a name that is offered; paths are long, and much of them is alike.
CLOSE = 0.85


def read_text(name: str | Path) -> Config:
    """The config in a file: Python, JSON or YAML.

    Args:
        name: Its path, or ``ostrdet::search/NAME.py`` for one that the package carries.

    Raises:
        FileNotFoundError: If there is no such file.
        InvalidValueError: If it can't be read, or is data that names code.
    """
    path = find_config(name)
    if not path.is_file():
        raise FileNotFoundError(_not_there(name))
    if path.suffix not in SUFFIXES:
        raise InvalidValueError(f"config file '{path}': expected one of {', '.join(SUFFIXES)}")
    prepare()
    try:
        _check_bases(path, ())
        cfg = Config.fromfile(path, import_custom_modules=False)
        if cfg.get('custom_imports'):
            import_own_modules(cfg.custom_imports, path.parent)
        return cfg
    except Exception as error:
        raise InvalidValueError(f"config file '{path}': {_reason(error)}") from error


def _not_there(name: str | Path) -> str:
    text = f"there is no config file '{name}'"
    if own := packaged_name(name):
        return f"{text}; the package has it as '{own}'"
    wanted = re.sub('^configs/', PREFIX, str(name))
    close = difflib.get_close_matches(wanted, packaged_names(), n=1, cutoff=CLOSE)
    return text + (f". Did you mean '{close[0]}'?" if close else '')


def _check_bases(path: Path, above: tuple[Path, ...]) -> None:
    """Check that a file and those that it inherits from are no circle, and that data runs nothing."""
    if path.resolve() in above:
        raise InvalidValueError(f"'_base_' leads back to '{path}'; take it out of one of the two")
    for base in _bases_of_code(path) if SUFFIXES[path.suffix] else _bases_of_data(path):
        file = path.parent / find_config(base)
        if (
            file.suffix in SUFFIXES and file.is_file()
        ):  # else mmengine finds it, or says what is wrong
            _check_bases(file, (*above, path.resolve()))


def _bases_of_code(path: Path) -> list[str]:
    """What ``_base_`` of a .py file names, where that is written out."""
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == '_base_':
            try:
                return _listed(ast.literal_eval(node.value))
            except ValueError:
                break
    return []


def _bases_of_data(path: Path) -> list[str]:
    """A file of data inherits from data alone, and imports nothing."""
    content = fileio.load(path)
    if not isinstance(content, dict):
        raise InvalidValueError(f'expected keys and values, got a {type(content).__name__}')
    if 'custom_imports' in content:
        raise InvalidValueError('custom_imports runs code, which only a .py config may')
    bases = _listed(content.get('_base_', []))
    for base in bases:
        if SUFFIXES.get(Path(base).suffix, True):
            raise InvalidValueError(f"_base_='{base}' runs code, which only a .py config may")
    return bases


def _listed(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _reason(error: Exception) -> str:
    """What an error says, with its type where that says more."""
    if isinstance(error, SyntaxError | NameError | ValueError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"'{error.filename}': {error.strerror}"
    # mmengine lists where modules were sought
    return f'{type(error).__name__}: {str(error).partition(", the current sys.path")[0]}'
