"""Pickles of arrays are read as pickle reads them; whatever else they hold is refused unrun."""

import os
import pickle
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.safe_pickle import STAND_INS, load_arrays

COUNTING = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
ARRAYS = {
    'bytes': COUNTING,
    'fortran order': np.asfortranarray(COUNTING),
    'double': COUNTING.astype(np.float64),
    'big-endian': COUNTING.astype('>f4'),
    'wide': COUNTING.astype(np.int64) - 2**40,
    'booleans': COUNTING > 3,
    'one number': np.array(5),
    'one axis': np.arange(1000, dtype=np.int16),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / 'batch'


def reload(value: Any, file: Path, protocol: int) -> Any:
    file.write_bytes(pickle.dumps(value, protocol=protocol))
    return load_arrays(file)


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('name', ARRAYS)
def test_arrays_are_read_as_pickle_reads_them(name: str, protocol: int, file: Path) -> None:
    read = reload({'data': ARRAYS[name]}, file, protocol)['data']
    expected = pickle.loads(pickle.dumps(ARRAYS[name], protocol=protocol))
    assert np.array_equal(read, ARRAYS[name])
    assert read.dtype == expected.dtype
    assert read.flags.f_contiguous == expected.flags.f_contiguous


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_are_read_as_pickle_reads_them(protocol: int, file: Path) -> None:
    value = [1, 2**80, 'ä', b'\xff\x00', 2.5, None, True, (1, {'a': [2]}), np.int64(-7)]
    read = reload(value, file, protocol)
    assert read == value
    assert list(map(type, read)) == list(map(type, value))


def test_text_and_arrays_of_python_2_are_read(file: Path) -> None:
    """Python 2 wrote both text and the bytes of an array as byte strings."""
    file.write_bytes(
        b'\x80\x02}q\x00(U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\n'
        b'q\x03K\x00\x85U\x01b\x87Rq\x04(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01'
        b'\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x00\x7f\x80'
        b'\xfftbU\x06labels]q\x07(K\x01K\x02eu.'
    )
    read = load_arrays(file)
    assert read['data'].tolist() == [[0, 127], [128, 255]]
    assert read['labels'] == [1, 2]


def refusal(file: Path) -> str:
    """The message of the error, or nothing if the file is read."""
    try:
        load_arrays(file)
    except ValueError as error:
        return str(error)
    return ''


def call(function: Callable[..., Any], *args: Any) -> object:
    class Call:
        def __reduce__(self) -> tuple[Any, ...]:
            return function, args

    return Call()


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('nested', [False, True])
@pytest.mark.parametrize(
    ('function', 'code'),
    [
        (os.system, 'touch {marker}'),
        (eval, 'open({marker!r}, "w")'),
        (exec, 'open({marker!r}, "w")'),
        (Path.touch, None),
        (os.mkdir, '{marker}'),
    ],
)
def test_calls_are_refused_and_not_run(
    function: Callable[..., Any], code: str | None, nested: bool, protocol: int, file: Path
) -> None:
    marker = file.with_name('marker')
    argument = marker if code is None else code.format(marker=str(marker))
    evil = call(function, argument)
    with pytest.raises(ValueError, match='is refused: a pickle of arrays was expected') as caught:
        reload({'data': COUNTING, 'labels': [evil]} if nested else evil, file, protocol)
    assert str(file) in str(caught.value)
    assert not marker.exists()


def test_the_refused_name_is_named(file: Path) -> None:
    with pytest.raises(
        ValueError, match=r"holds the name 'os\.getcwd'|holds the name 'posix\.getc"
    ):
        reload(call(os.getcwd), file, 4)


NUMPY = 'numpy._core' if np.lib.NumpyVersion(np.__version__) >= '2.0.0' else 'numpy.core'
REFUSED = {
    'objects at an address': (
        b'\x80\x04cnumpy\nndarray\n(K\x01\x85cnumpy\ndtype\n\x8c\x01O\x85RC\x08AAAAAAAAtR.',
        "the data type 'O'",
    ),
    'a function of numpy': (
        b'\x80\x04cnumpy.testing._private.utils\nrunstring\n\x8c\x04codeN\x86R.',
        "the name 'numpy.testing._private.utils.runstring'",
    ),
    'a file of numpy': (b'\x80\x04cnumpy\nload\n\x8c\x01x\x85R.', "the name 'numpy.load'"),
    'a codec': (
        b'\x80\x02c_codecs\nencode\nX\x04\x00\x00\x00dataX\x05\x00\x00\x00rot13\x86R.',
        "the codec 'rot13'",
    ),
    'the array type': (b'\x80\x04cnumpy\nndarray\nK\x05\x85R.', "a call of 'numpy.ndarray'"),
    'a new array': (b'\x80\x04cnumpy\nndarray\nK\x05\x85\x81.', "it can't be unpickled"),
    'a persistent id': (b'\x80\x04K\x01Q.', 'persistent'),
    'objects': (pickle.dumps(np.array([None, 1], dtype=object)), "the data type 'O8'"),
    'a structure': (pickle.dumps(np.zeros(2, dtype='O,f8')), "the data type 'V16'"),
    'text': (pickle.dumps(np.array(['a', 'b'])), "the data type 'U1'"),
    'dates': (pickle.dumps(np.array(['2020-01-01'], dtype='datetime64[D]')), "the data type 'M8'"),
    'a mask': (pickle.dumps(np.ma.masked_array([1, 2], [True, False])), 'numpy.ma'),
}


@pytest.mark.parametrize(('raw', 'named'), REFUSED.values(), ids=REFUSED)
def test_other_objects_are_refused(raw: bytes, named: str, file: Path) -> None:
    file.write_bytes(raw)
    message = refusal(file)
    assert message.startswith(f"'{file}' is ")
    assert named in message


def test_a_pickle_can_not_change_what_stands_in(file: Path) -> None:
    """The opcode BUILD sets attributes of whatever a pickle names, of functions as well."""
    numeric = sys.modules[f'{NUMPY}.numeric']
    functions = [numeric._frombuffer, *STAND_INS.values()]
    before = [(f.__module__, dict(vars(f))) for f in functions]
    for module, name in STAND_INS:
        for key in ('__module__', '__doc__', '__defaults__', '__call__', 'value'):
            raw = f'\x80\x04c{module}\n{name}\nN}}(\x8c{chr(len(key))}{key}\x8c\x02osu\x86b.'
            file.write_bytes(raw.encode('latin1'))
            refusal(file)
    assert [(f.__module__, dict(vars(f))) for f in functions] == before
    assert np.array_equal(reload(COUNTING, file, 5), COUNTING)
    assert reload(np.int64(3), file, 4) == 3


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_damage_is_always_a_value_error(protocol: int, file: Path) -> None:
    """Truncations and changed bytes give some value or the error, never another exception."""
    raw = pickle.dumps({'data': COUNTING, 'labels': [1, 2], 'x': np.int64(5)}, protocol=protocol)
    rng = random.Random(protocol)
    messages = []
    for _ in range(150):
        damaged = bytearray(raw[: rng.choice([len(raw), rng.randrange(1, len(raw))])])
        for _ in range(rng.randrange(4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        file.write_bytes(damaged)
        messages.append(refusal(file))
    assert sum(map(bool, messages)) > 50
    assert all(message.startswith(f"'{file}' is ") for message in messages if message)


@pytest.mark.parametrize('length', [0, 1, 40, -1])
def test_a_truncated_file_is_named(length: int, file: Path) -> None:
    file.write_bytes(pickle.dumps(COUNTING, protocol=2)[:length])
    with pytest.raises(ValueError, match='is damaged') as caught:
        load_arrays(file)
    assert str(caught.value).startswith(f"'{file}' is ")
