"""The modules of ``custom_imports``: found beside their config, and named where they fail."""

import importlib
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostrdet.errors import InvalidValueError

FORM = "dict(imports=['my_package.my_module'])"


def import_own_modules(custom_imports: Any, folder: Path) -> None:
    """Import what a config names before anything is built.

    The folder of the config and the current one are searched after all others, and stay on Python's
    path, since processes that load data may import the modules as well.

    Args:
        custom_imports: As in a config: ``imports``, a list of modules, and ``allow_failed_imports``.
        folder: Of the config.

    Raises:
        InvalidValueError: If it is of another form, a module is not there, or one fails as it is
            imported.
    """
    names, may_fail = _parse(custom_imports)
    for place in (folder.resolve(), Path.cwd()):
        if str(place) not in sys.path:
            sys.path.append(str(place))
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            if not (may_fail and isinstance(error, ImportError)):
                raise InvalidValueError(
                    f'custom_imports: {_reason(name, error, folder)}'
                ) from error
            warnings.warn(f"custom_imports: '{name}' is left out: {error}", stacklevel=2)


def _parse(custom_imports: Any) -> tuple[list[str], bool]:
    keys = custom_imports if isinstance(custom_imports, Mapping) else {}
    names = keys.get('imports', [])
    names = [names] if isinstance(names, str) else names
    if (
        not isinstance(names, list)
        or not names
        or not all(isinstance(name, str) and name for name in names)
        or set(keys) - {'imports', 'allow_failed_imports'}
    ):
        raise InvalidValueError(f'custom_imports={custom_imports!r}, expected {FORM}')
    return names, bool(keys.get('allow_failed_imports', False))


def _reason(name: str, error: Exception, folder: Path) -> str:
    lost = getattr(error, 'name', None) if isinstance(error, ModuleNotFoundError) else None
    if lost is not None and f'{name}.'.startswith(f'{lost}.'):
        return (
            f"there is no module '{name}' ({error}): it is sought in '{folder}', in the current "
            'folder and on PYTHONPATH; put it there, or run with PYTHONPATH=FOLDER'
        )
    text = f"'{name}' fails as it is imported: {type(error).__name__}: {_message(error)}"
    return f'{text} ({_place(error)})'


def _message(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _place(error: Exception) -> str:
    """File and line of the error, in the module rather than in Python's machinery."""
    if isinstance(error, SyntaxError) and error.filename:
        return f'{error.filename}, line {error.lineno}'
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith('<frozen')]
    return f'{own[-1].filename}, line {own[-1].lineno}'
