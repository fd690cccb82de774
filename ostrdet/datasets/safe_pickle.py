"""Reading pickled arrays without running what a pickle may hold."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# What a pickled array calls, asked of numpy itself, as the modules differ between numpy 1 and 2
CALLED: dict[str, Any] = {
    '_reconstruct': np.zeros(1).__reduce__()[0],
    'scalar': np.int64(1).__reduce__()[0],
    '_frombuffer': np.zeros(1).__reduce_ex__(5)[0],
}
ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    **{
        (f'numpy.{core}.{module}', name): CALLED[name]
        for core in ('core', '_core')
        for module, name in (
            ('multiarray', '_reconstruct'),
            ('multiarray', 'scalar'),
            ('numeric', '_frombuffer'),
        )
    },
}


class _Latin1:
    """Stands in for ``_codecs.encode``, by which protocol 2 writes bytes; other codecs are refused."""

    __slots__ = ()

    def __call__(self, text: str, encoding: str) -> bytes:
        if encoding != 'latin1':
            raise pickle.UnpicklingError(f"the codec '{encoding}'")
        return text.encode('latin1')


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) == ('_codecs', 'encode'):
            return _Latin1()
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"the name '{module}.{name}'")
        return ALLOWED[module, name]


def load_arrays(file: str | Path) -> Any:
    """Unpickle numpy arrays, numbers, text and built-in containers; nothing else is ever called.

    Args:
        file: A pickle, also of Python 2, whose text is taken as latin-1.

    Raises:
        ValueError: If the file is damaged, or names anything else than an array.
    """
    try:
        with Path(file).open('rb') as stream:
            return _ArrayUnpickler(stream, encoding='latin1').load()
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"'{file}' is refused: a pickle of arrays was expected, this one is damaged or holds {error}"
        ) from None
    except (EOFError, ImportError, AttributeError, TypeError, IndexError, KeyError) as error:
        raise ValueError(f"'{file}' is damaged, it can't be unpickled: {error}") from error
