"""Files of weights in other formats: told by their content, with the line that converts them."""

import shlex
import zipfile
from pathlib import Path

#: The number at the start of a file of torch before 1.6, as every protocol of pickle writes it.
_LEGACY = b'\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19'
_PLAIN_PROTOCOL = b'\x80\x02'
_NUMPY = b'\x93NUMPY'
_TAR, _TAR_AT = b'ustar', 257
_NEW = "'new.pth'"
_TRUST = 'It may run what it holds, so only if you trust it: '


def foreign_format(path: Path) -> str | None:
    """What a file of another format is and how to convert it; None if it is none that is known.

    Nothing in the file is executed.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    with path.open('rb') as file:
        head = file.read(_TAR_AT + len(_TAR))
    if _LEGACY in head[:32] or head[_TAR_AT:] == _TAR:
        is_safe = head.startswith(_PLAIN_PROTOCOL)  # of others torch reads no tensors alone
        trust = '' if is_safe else _TRUST
        return f'is in the format of torch before 1.6. {trust}{_convert(_legacy(path, is_safe))}'
    if head.startswith(_NUMPY):
        return 'is a single array of numpy, which no network is'
    if head.startswith(b'PK'):
        return _archive(path)
    return None


def _archive(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return None  # damaged, which is found out elsewhere
    if names and all(name.endswith('.npy') for name in names):
        return f'is an archive of numpy. {_convert(_numpy(path))}'
    if any(name.partition('/')[2] == 'constants.pkl' for name in names):
        return f'is a TorchScript program. {_TRUST}{_convert(_script(path))}'
    return None


def _legacy(path: Path, is_safe: bool) -> str:
    return f'import torch; torch.save(torch.load({_name(path)}, weights_only={is_safe}), {_NEW})'


def _numpy(path: Path) -> str:
    weights = f'{{k: torch.from_numpy(v) for k, v in numpy.load({_name(path)}).items()}}'
    return f'import numpy, torch; torch.save({weights}, {_NEW})'


def _script(path: Path) -> str:
    return f'import torch; torch.save(torch.jit.load({_name(path)}).state_dict(), {_NEW})'


def _name(path: Path) -> str:
    return repr(str(path))


def _convert(code: str) -> str:
    return f'Convert it: python -c {shlex.quote(code)}'
