"""The content of COCO annotation files: read, and checked entry by entry."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ostrdet.errors import UserError
from ostrdet.registry import some

LISTS = ('categories', 'images', 'annotations')


class AnnotationError(UserError, ValueError):
    """An annotation file that can't be used as it is."""


#: Characters of a value that a message shows.
LONGEST = 100


class Field(NamedTuple):
    """What an entry must have.

    Attributes:
        key: Its name.
        is_valid: Whether a value will do.
        expected: What would do, for the message.
        default: Stands for a missing value; ``...`` if there is none.
    """

    key: str
    is_valid: Callable[[Any], bool]
    expected: str
    default: Any = ...


def _is_number(value: Any) -> bool:
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return is_plain and abs(value) <= sys.float_info.max  # of nan and inf not


def _is_whole(value: Any) -> bool:
    return _is_number(value) and value == int(value)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and value >= 1


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))


_ID = Field('id', _is_whole, 'a whole number')
_PIXELS = 'a whole number of pixels, at least 1'
FIELDS: dict[str, tuple[Field, ...]] = {
    'categories': (_ID, Field('name', _is_text, 'a text')),
    'images': (
        _ID,
        Field('file_name', _is_text, 'a text'),
        Field('height', _is_size, _PIXELS),
        Field('width', _is_size, _PIXELS),
    ),
    'annotations': (
        _ID,
        Field('image_id', _is_whole, 'a whole number'),
        Field('category_id', _is_whole, 'a whole number'),
        Field('bbox', _is_box, '[x, y, width, height], four finite numbers'),
        Field('area', _is_number, 'a finite number'),
        Field('iscrowd', lambda value: value in (0, 1), '0 or 1', 0),
    ),
}


def read_coco(path: str | Path) -> dict[str, Any]:
    """The content of a COCO file, checked; ``iscrowd`` is 0 where it is lacking.

    A file without annotations, as of a test set, has an empty list of them.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no COCO JSON: the message names the entry and the key.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise AnnotationError(_not_coco(path, f'{type(error).__name__}: {error}')) from error
    if not isinstance(content, dict):
        raise AnnotationError(_not_coco(path, f'it holds a {type(content).__name__}'))
    content.setdefault('annotations', [])
    for name in LISTS:
        entries = content.get(name)
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise AnnotationError(_not_coco(path, f"'{name}' is no list of objects"))
        for index, entry in enumerate(entries):
            _check_entry(entry, FIELDS[name], f"'{path}': {name}[{index}]")
        _check_unique(entries, f"'{path}': {name}", name)
    return content


def _check_entry(entry: dict[str, Any], fields: Sequence[Field], where: str) -> None:
    for field in fields:
        value = entry.setdefault(field.key, field.default)
        if value is ...:
            raise AnnotationError(
                f"{where}{_identity(entry)} lacks '{field.key}', expected {field.expected}"
            )
        if not field.is_valid(value):
            raise AnnotationError(
                f'{where}{_identity(entry)}: {field.key}={_shown(value)}, expected {field.expected}'
            )


def _check_unique(entries: Sequence[Mapping[str, Any]], where: str, name: str) -> None:
    first: dict[Any, int] = {}
    for index, entry in enumerate(entries):
        other = first.setdefault(entry['id'], index)
        if other != index:
            files = [str(entries[i].get('file_name', '')) for i in (other, index)]
            names = f" ('{files[0]}', '{files[1]}')" if any(files) else ''
            raise AnnotationError(
                f'{where}[{other}] and [{index}]{names} have the same id {entry["id"]}: '
                f'number the {name} anew, each by an id of its own'
            )


def _identity(entry: Mapping[str, Any]) -> str:
    identity = entry.get('id', ...)
    return '' if identity is ... else f' (id {_shown(identity)})'


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f'{text[:LONGEST]}...'


def _not_coco(path: str | Path, reason: str) -> str:
    return (
        f"'{path}' can't be read as COCO JSON ({reason}); it needs the lists images, annotations "
        '(with image_id, category_id, bbox, area) and categories'
    )


def category_ids(content: Mapping[str, Any], classes: Sequence[str], path: str | Path) -> list[int]:
    """The category ids of the classes, in the order of the classes, by name.

    Raises:
        AnnotationError: If a class has no category, or several.
    """
    ids: dict[str, list[int]] = {}
    for category in content['categories']:
        ids.setdefault(category['name'], []).append(category['id'])
    missing = [name for name in classes if name not in ids]
    if missing:
        raise AnnotationError(
            f"'{path}' has no category for {some(missing)}; it has {some(list(ids))}. Set "
            'metainfo=dict(classes=...) of the data set to names of its categories'
        )
    if len({*classes}) < len(classes):
        raise AnnotationError(
            f'metainfo.classes={tuple(classes)} has a name twice; name every class once'
        )
    twice = {name: ids[name] for name in classes if len(ids[name]) > 1}
    if twice:
        name, found = next(iter(twice.items()))
        raise AnnotationError(
            f"'{path}' has a category name twice: the ids {some(found)} are both called '{name}'; "
            'delete one of them, or name it otherwise'
        )
    return [ids[name][0] for name in classes]
