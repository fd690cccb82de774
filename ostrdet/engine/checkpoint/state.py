"""Weights in files: read without running what they hold, and compared before they are used."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from ostrdet.engine.checkpoint.foreign import foreign_format
from ostrdet.engine.checkpoint.latest import damage_of
from ostrdet.errors import DamagedFileError, InvalidValueError

SAFETENSORS = '.safetensors'
#: The only key of the header's metadata of a published file. safetensors writes several keys in
#: random order, which would change the hash of the file.
METADATA = 'ostrdet'
#: How a pickle names the function that takes the name of a codec; it is on torch's own list.
CODEC = b'_codecs\nencode\n'
_SHOWN = 3
_MEND = 'take another one of the work dir'


def read_state(path: str | Path) -> dict[str, Tensor]:
    """The weights of a checkpoint or of a published file, on the CPU.

    Nothing in the file is executed.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is damaged, or holds more than tensors and plain values.
        InvalidValueError: If it is no file of weights.
    """
    state: dict[str, Tensor] = read_checkpoint(path)['state_dict']
    return state


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """A checkpoint of a runner, on the CPU; ``state_dict`` holds the weights.

    A published file has nothing else but ``dataset_meta``, with the names of the classes where it
    tells them; one of weights by name, as ``torch.save`` writes them, has not even that. Nothing in
    the file is executed.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is damaged, of another format, or holds more than tensors and plain
            values.
        InvalidValueError: If it is no checkpoint.
    """
    if Path(path).suffix == SAFETENSORS:
        state = _read_safetensors(Path(path))
        return {'state_dict': state, 'dataset_meta': _published_meta(Path(path))}
    foreign = foreign_format(Path(path))
    if foreign is not None:
        raise DamagedFileError(f"'{path}' can't be read as a checkpoint: it {foreign}")
    checkpoint = read_plain(path)
    if _is_state(checkpoint):
        checkpoint = {'state_dict': checkpoint}
    weights = checkpoint.get('state_dict') if isinstance(checkpoint, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(key, str) for key in weights):
        raise InvalidValueError(
            f"'{path}' is no checkpoint of a runner: it has no 'state_dict', and is none itself"
        )
    plain = {key.removeprefix('module.'): value for key, value in weights.items()}
    return {**checkpoint, 'state_dict': plain}


def read_plain(path: str | Path) -> Any:
    """What ``torch.save`` wrote, on the CPU: tensors and plain values.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is damaged, or holds anything else.
    """
    damage = damage_of(Path(path)) or _codec_in(Path(path))
    if damage is not None:
        raise DamagedFileError(f"'{path}' can't be read as a checkpoint: it {damage}; {_MEND}")
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except OSError:
        raise
    except Exception as error:
        raise DamagedFileError(
            f"'{path}' can't be read as a checkpoint ({type(error).__name__}): it is damaged, or holds "
            f'more than tensors and plain values; {_MEND}'
        ) from error


def _is_state(content: Any) -> bool:
    """Whether a file holds weights by name and nothing else."""
    return (
        isinstance(content, dict)
        and bool(content)
        and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())
    )


def _codec_in(path: Path) -> str | None:
    """What is wrong with a pickle that names a codec, which Python would import: no tensor needs one."""
    with zipfile.ZipFile(path) as archive:
        pickles = [archive.read(name) for name in archive.namelist() if name.endswith('.pkl')]
    return 'names a codec' if any(CODEC in content for content in pickles) else None


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(2, 'No such file or directory', str(path))
    try:
        state: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise DamagedFileError(f"'{path}' can't be read as safetensors: {error}") from error
    return state


def _published_meta(path: Path) -> Any:
    """What ``publish`` wrote; nothing, where another program wrote something of that name."""
    with safe_open(path, 'pt') as file:
        header = (file.metadata() or {}).get(METADATA, '{}')
    try:
        return json.loads(header)
    except ValueError:
        return {}


def check_state(
    found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], source: str | Path
) -> None:
    """Check that weights fit a network, key by key.

    Args:
        found: The weights of a file.
        wanted: ``state_dict()`` of the network.
        source: The file, for the message.

    Raises:
        InvalidValueError: If a key is missing, not known or of another shape; all differences are
            counted and the first of each kind named.
    """
    missing = [key for key in wanted if key not in found]
    unknown = [key for key in found if key not in wanted]
    shapes = [
        f'{key} {tuple(found[key].shape)} instead of {tuple(wanted[key].shape)}'
        for key in wanted
        if key in found and found[key].shape != wanted[key].shape
    ]
    kinds = {'missing': missing, 'not in this network': unknown, 'of another shape': shapes}
    if any(kinds.values()):
        parts = [f'{len(keys)} keys {kind} ({_some(keys)})' for kind, keys in kinds.items() if keys]
        raise InvalidValueError(
            f"'{source}' is of another architecture: {'; '.join(parts)}. Give the config and the "
            'genotype that it was trained with'
        )


def _some(keys: list[str]) -> str:
    return ', '.join(keys[:_SHOWN]) + (', ...' if len(keys) > _SHOWN else '')
