"""Which names a config may use: those of registries; none is imported or run for being written down.

mmengine imports the module of a dotted ``type``, the package of an unknown scope, and downloads
what stands behind an address; mmcv, mmdet and mmpretrain evaluate some texts.
:mod:`ostrdet.compat.closed_libraries` closes the same in the libraries.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine import registry as roots
from mmengine.registry import Registry

from ostrdet.compat import LIBRARIES, MOTIONS, NMS, dtypes
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.registry import nearest
from ostrdet.structures.config_tree import walk

#: Keys that hold the name of a component; ``NAME`` below is what one looks like.
COMPONENTS = re.compile(r'(\w+_)?type|constructor|auto_wrap_policy|param_init_fn|check_fn')
NAME = re.compile(r'[\w/+-]+(\.[\w/+-]+)?')
#: Keys that hold the name of a library.
SCOPES = ('default_scope', '_scope_')
#: What JSON and YAML can write in the place of a name; a .py config may hold a class.
NAMELESS = (Mapping, list, tuple, int, float)
#: Keys that hold a file.
FILES = ('load_from', 'checkpoint', 'pretrained')
#: Keys that hold a file that mmengine unpickles if its name says so.
TABLES = ('ann_file', 'proposal_file')
PICKLES = ('.pkl', '.pickle')


def check_names(cfg: Mapping[str, Any]) -> None:
    """Check the names of components, libraries and files, before a registry is asked for one.

    Args:
        cfg: The config as plain dicts and lists.

    Raises:
        UnknownNameError: If a name is that of no registered library; the nearest is offered.
        InvalidValueError: If a name is no text or a path into a module, or a file an address.
    """
    known = {*LIBRARIES, *_loaded()}
    for key, value in walk(cfg):
        path, last = '.'.join(key), key[-1]
        if last in ('type', *SCOPES) and isinstance(value, NAMELESS):
            raise InvalidValueError(f'{path}={value!r}, expected a name as text')
        if not isinstance(value, str):
            continue
        choices = _choices(key)
        if choices and value not in choices:
            raise InvalidValueError(f'{path}={value!r}, expected one of {", ".join(choices)}')
        if COMPONENTS.fullmatch(last) and not choices:
            _check_component(path, value, known)
        elif last in SCOPES and value not in known:
            raise UnknownNameError(f"{path}='{value}' is no library. {nearest(value, known)}")
        elif last in FILES and '://' in value:
            raise InvalidValueError(
                f"{path}='{value}', expected a local file, as nothing is downloaded; fetch it "
                'yourself, and give its path'
            )
        elif last in TABLES and value.endswith(PICKLES):
            raise InvalidValueError(
                f"{path}='{value}', expected no pickle, which runs code when it is read; write it as "
                'JSON'
            )


def _choices(key: tuple[str, ...]) -> tuple[str, ...]:
    """What the value of a key must be one of, where a library would evaluate it; else nothing."""
    *_, above, last = ['', *key]
    if last == 'type' and above.startswith('nms'):
        return NMS
    if last == 'warp_mode':
        return MOTIONS
    return dtypes() if last == 'dtype' or last.endswith('_dtype') else ()


def _check_component(path: str, value: str, known: set[str]) -> None:
    library, dot, _ = value.partition('.')
    if not NAME.fullmatch(value):
        raise InvalidValueError(
            f"{path}='{value}', expected a registered name such as 'mmpretrain.Accuracy', as modules "
            'are not imported for being named; register the class, and name its module in '
            'custom_imports of a .py config'
        )
    if dot and library not in known:
        raise UnknownNameError(
            f"{path}='{value}': '{library}' is no library. {nearest(library, known)}"
        )


def _loaded() -> Iterator[str]:
    """The libraries whose registries are there, those of ``custom_imports`` among them."""
    for root in vars(roots).values():
        if isinstance(root, Registry):
            yield from root.children
