"""Reading pickled arrays without running what a pickle may hold.

A pickle names the functions that build its objects, and hands them what it likes. Here none of
those names reaches numpy, whose own would also make an array of objects at any address: each stands
for a function of this module that makes a plain array of numbers from bytes, or refuses.
"""

import bz2
import io
import pickle
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ostrdet.errors import DamagedFileError, InvalidValueError

_PLAIN = re.compile(r'[<>|=]?[biuf][1248]')
#: Bytes of a decompressed file; a small one can be made to grow without end.
_LARGEST = 2**28
_DAMAGE = (
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    MemoryError,
    OSError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


class _DType:
    """Stands in for ``numpy.dtype``: booleans, integers and floats."""

    def __init__(self, code: str, *_: object) -> None:
        if not (isinstance(code, str) and _PLAIN.fullmatch(code)):
            raise pickle.UnpicklingError(f'the data type {code!r}')
        self.value = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.value = self.value.newbyteorder(state[1])


class _Array(np.ndarray):
    """The array that a pickle makes empty and then fills."""

    def __setstate__(self, state: Any) -> None:
        *_, shape, dtype, is_fortran, raw = state
        array = _from_buffer(raw, dtype, shape, 'F' if is_fortran else 'C')
        plain: Any = (1, array.shape, array.dtype, bool(is_fortran), _as_bytes(raw))
        super().__setstate__(plain)


def _as_bytes(raw: bytes | bytearray | str) -> bytes:
    return raw.encode('latin1') if isinstance(raw, str) else bytes(memoryview(raw))


def _from_buffer(raw: bytes, dtype: _DType, shape: tuple[int, ...], order: Any) -> np.ndarray:
    return np.frombuffer(_as_bytes(raw), dtype.value).reshape(shape, order=order)


def _empty(*_: object) -> np.ndarray:
    return _Array((0,), np.uint8)


def _scalar(dtype: _DType, raw: bytes) -> Any:
    return _from_buffer(raw, dtype, (), 'C')[()]


def _encode(text: str, encoding: str) -> bytes:
    """Stands in for ``_codecs.encode``, by which protocol 2 writes bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f"the codec '{encoding}'")
    return text.encode('latin1')


def _never(*_: object) -> None:
    """Stands in for ``numpy.ndarray``, which pickles name but do not call."""
    raise pickle.UnpicklingError("a call of 'numpy.ndarray'")


STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ('_codecs', 'encode'): _encode,
    ('collections', 'OrderedDict'): lambda *items: dict(*items),
    ('numpy', 'ndarray'): _never,
    ('numpy', 'dtype'): _DType,
    **{
        (f'numpy.{core}.{module}', name): stand_in
        for core in ('core', '_core')  # numpy 1 and 2
        for module, name, stand_in in (
            ('multiarray', '_reconstruct', _empty),
            ('multiarray', 'scalar', _scalar),
            ('numeric', '_frombuffer', _from_buffer),
        )
    },
}


class _ArrayUnpickler(pickle._Unpickler):
    """Pickle's own in Python: the one in C reserves as much memory as a file asks for."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def load_bytearray8(self: Any) -> None:
        (size,) = struct.unpack('<Q', self.read(8))
        self.append(bytearray(self.read(size)))  # pickle's own reserves the size before it reads

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) not in STAND_INS:
            raise pickle.UnpicklingError(f"the name '{module}.{name}'")
        stand_in = STAND_INS[module, name]
        return lambda *args: stand_in(*args)  # a new one, as a pickle can set attributes of it


def load_arrays(file: str | Path) -> Any:
    """Unpickle arrays of numbers, numbers, text and built-in containers; nothing else is called.

    Args:
        file: A pickle, also of Python 2, whose text is taken as latin-1.

    A file that ends in '.pbz2' is decompressed.

    Raises:
        DamagedFileError: If the file is damaged, or names anything else than an array of numbers.
    """
    try:
        stream = io.BytesIO(_content(Path(file)))
        return _ArrayUnpickler(stream, encoding='latin1').load()
    except pickle.UnpicklingError as error:
        raise DamagedFileError(
            f"'{file}' is refused: a pickle of arrays was expected, this one is damaged or holds {error}"
        ) from None
    except _DAMAGE as error:
        raise DamagedFileError(f"'{file}' is damaged, it can't be unpickled: {error}") from error


def _content(file: Path) -> bytes:
    if file.suffix != '.pbz2':
        return file.read_bytes()
    with bz2.open(file) as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise InvalidValueError(f'it has more than {_LARGEST:,} bytes')
    return content
