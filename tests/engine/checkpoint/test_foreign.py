"""Weights in other formats are named, and the line of the message turns them into a checkpoint."""

import re
import shlex
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ostrdet.engine.checkpoint import read_state
from ostrdet.engine.checkpoint.foreign import foreign_format
from ostrdet.errors import DamagedFileError

STATE = {'weight': torch.arange(6.0).reshape(3, 2), 'bias': torch.ones(3)}


def legacy(path: Path) -> None:
    torch.save(STATE, path, _use_new_zipfile_serialization=False)


def legacy_protocol_4(path: Path) -> None:
    torch.save(STATE, path, pickle_protocol=4, _use_new_zipfile_serialization=False)


def numpy_archive(path: Path) -> None:
    with path.open('wb') as file:
        np.savez(file, **{name: value.numpy() for name, value in STATE.items()})


def torch_script(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        layer = nn.Linear(2, 3)
        layer.load_state_dict(STATE)
        torch.jit.script(layer).save(str(path))


FORMATS = {
    'legacy': (legacy, 'is in the format of torch before 1.6.'),
    'legacy, protocol 4': (legacy_protocol_4, 'is in the format of torch before 1.6.'),
    'numpy': (numpy_archive, 'is an archive of numpy.'),
    'TorchScript': (torch_script, 'is a TorchScript program.'),
}

#: Those whose conversion may run what they hold.
UNSAFE = {'legacy, protocol 4', 'TorchScript'}


@pytest.mark.parametrize('name', FORMATS)
def test_a_file_says_what_it_is_and_its_line_converts_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, what = FORMATS[name]
    path = tmp_path / "it's.pth"
    write(path)
    with pytest.raises(DamagedFileError, match=re.escape(what)) as caught:
        read_state(path)
    line = str(caught.value).partition(what)[2]
    *program, code = shlex.split(line.partition('Convert it: ')[2])
    assert program == ['python', '-c']
    assert ('only if you trust it' in line) == (name in UNSAFE)
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        exec(code)
    converted = read_state(tmp_path / 'new.pth')
    assert converted.keys() == STATE.keys()
    assert all(torch.equal(converted[key], STATE[key]) for key in STATE)


def test_what_cannot_be_weights_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / 'a.npy', np.zeros(3))
    with pytest.raises(DamagedFileError, match='is a single array of numpy'):
        read_state(tmp_path / 'a.npy')


def test_the_oldest_format_is_known(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / 'a.pth', 'w') as archive:
        archive.addfile(tarfile.TarInfo('sys_info'))
    with pytest.raises(DamagedFileError, match=r'torch before 1\.6'):
        read_state(tmp_path / 'a.pth')


@pytest.mark.parametrize('content', [b'', b'weights', b'PK\x03\x04cut off', b'\x80\x04.'])
def test_other_files_are_not_taken_for_one(content: bytes, tmp_path: Path) -> None:
    (tmp_path / 'a.pth').write_bytes(content)
    assert foreign_format(tmp_path / 'a.pth') is None


def test_a_bare_state_dict_is_read(tmp_path: Path) -> None:
    layer = nn.Linear(2, 3)
    torch.save(layer.state_dict(), tmp_path / 'a.pth')
    found: dict[str, Tensor] = read_state(tmp_path / 'a.pth')
    assert {key: value.tolist() for key, value in found.items()} == {
        key: value.tolist() for key, value in layer.state_dict().items()
    }


@pytest.mark.parametrize('content', [{}, {'a': STATE['bias'], 'epoch': 3}, {0: STATE['bias']}])
def test_a_dict_of_other_things_is_no_state_dict(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match="has no 'state_dict', and is none itself"):
        read_state(tmp_path / 'a.pth')
