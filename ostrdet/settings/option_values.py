"""Values of ``--cfg-options``: what a text on the command line stands for."""

import re
from collections.abc import Iterator
from typing import Any

from mmengine.config import DictAction

from ostrdet.errors import InvalidValueError

OPENING, CLOSING = '([{', ')]}'
#: How deep brackets and keys may be nested; no config is.
DEEPEST = 30
#: Keys whose value is a text, whatever it looks like.
TEXTS = {'work_dir', 'load_from', 'data_root', 'data_prefix', 'ann_file', 'checkpoint', 'img'}
_CALL = re.compile(r'(dict|range)\((.*)\)', re.DOTALL)
_LIST = re.compile(r'[(\[].*[)\]]', re.DOTALL)


def parse_value(text: str, key: str = '', present: Any = None) -> Any:
    """The value of a text: a number, True, False, None, a list, tuple, dict or range, or a text.

    Quotes make a text of anything. Commas outside of brackets make a list, unless the key holds a
    text now, or is known to. Nothing is evaluated.

    Args:
        text: What stands behind the equals sign.
        key: The dotted key.
        present: What the config has there.

    Raises:
        InvalidValueError: If brackets do not match, or are nested too deep; if a range is none.

    Examples:
        >>> parse_value('(0.5, 0.5)'), parse_value('[none, skip_connect]'), parse_value('1,5')
        ((0.5, 0.5), ['none', 'skip_connect'], [1, 5])
        >>> parse_value('dict(max_norm=5)'), parse_value('out (1)')
        ({'max_norm': 5}, 'out (1)')
    """
    text = text.strip()
    if key.rpartition('.')[2] in TEXTS:
        return None if text == 'None' else _unquoted(text)
    if isinstance(present, str) and not _LIST.fullmatch(text):
        return _scalar(text)
    if any(depth > DEEPEST for _, _, depth in _walk(text)):
        raise InvalidValueError(f'are nested more than {DEEPEST} deep')
    return _value(text)


def _value(text: str) -> Any:
    text = text.strip()
    if text[:1] in OPENING and text[:1] and _closes(text) == len(text):
        items = list(_split(text[1:-1]))
        if text[0] == '{':
            return dict(_pairs(items, ':'))
        values = [_value(item) for item in items]
        return tuple(values) if text[0] == '(' else values
    if (call := _CALL.fullmatch(text)) and _closes(text[len(call[1]) :]) == len(text) - len(
        call[1]
    ):
        items = list(_split(call[2]))
        if call[1] == 'dict':
            return dict(_pairs(items, '='))
        bounds = [_value(item) for item in items]
        if 1 <= len(bounds) <= 3 and all(type(bound) is int for bound in bounds):
            return _range(bounds)
    items = list(_split(text))
    if len(items) > 1:
        return [_value(item) for item in items]
    if text[:1] in OPENING and text[:1] and _closes(text) == 0:
        raise InvalidValueError('do not match')
    return _scalar(text)


def _range(bounds: list[int]) -> range:
    try:
        return range(*bounds)
    except ValueError as error:
        raise InvalidValueError(f'hold no range: {error}') from None


def _scalar(text: str) -> Any:
    quoted = _unquoted(text)
    if quoted != text or text == 'null':  # as JSON and YAML have it
        return quoted if quoted != text else None
    return DictAction._parse_int_float_bool(text)


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in '\'"' and text[0] not in inner
    return inner if is_quoted else text


def _pairs(items: list[str], sign: str) -> Iterator[tuple[str, Any]]:
    for item in items:
        name, found, value = item.partition(sign)
        if not found:
            raise InvalidValueError(f"do not hold key{sign}value: '{item}'")
        yield _unquoted(name.strip()), _value(value)


def _split(text: str) -> Iterator[str]:
    """The parts between the commas that are in no brackets and no quotes; a last one adds none."""
    start = 0
    for index, character, depth in _walk(text):
        if character == ',' and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    if text[start:].strip():
        yield text[start:].strip()


def _closes(text: str) -> int:
    """Behind the bracket that closes the first one; 0 if none does."""
    return next((index + 1 for index, _, depth in _walk(text) if depth == 0 and index), 0)


def _walk(text: str) -> Iterator[tuple[int, str, int]]:
    """The characters that are in no quotes, and the depth of brackets behind each.

    Raises:
        InvalidValueError: If a comma would part brackets that do not match.
    """
    stack, quote = [], ''
    for index, character in enumerate(text):
        if quote:
            quote = '' if character == quote else quote
            continue
        if character in '\'"' and quote_ends(text, index):
            quote = character
            continue
        if character in OPENING:
            stack.append(CLOSING[OPENING.index(character)])
        elif character in CLOSING and stack and stack.pop() != character:
            raise InvalidValueError('do not match')
        yield index, character, len(stack)
    if stack and ',' in text:
        raise InvalidValueError('do not match')


def quote_ends(text: str, index: int) -> bool:
    """Whether a quotation mark begins a quoted part; an apostrophe within a word does not."""
    before = text[index - 1] if index else ','
    return not before.isalnum() and text[index] in text[index + 1 :]
