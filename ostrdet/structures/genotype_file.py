"""Genotype files: versioned JSON with a checksum. They are parsed, never executed."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from ostrdet.errors import GenotypeError
from ostrdet.structures.genotype import Genotype, short_repr

FORMAT = 'ostrdet.genotype'
VERSION = 1


def save_genotype(genotype: Genotype, path: str | os.PathLike[str]) -> None:
    """Write ``genotype`` to ``path``: first to a temporary file beside it, then renamed over it."""
    path, text = Path(path), json.dumps(to_json(genotype), indent=1) + '\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.tmp')
    temporary.unlink(missing_ok=True)
    with temporary.open('x', encoding='utf-8') as stream:  # a link would lead out of the folder
        stream.write(text)
    temporary.replace(path)


def load_genotype(path: str | os.PathLike[str]) -> Genotype:
    """Read a genotype file.

    Raises:
        FileNotFoundError: If there is no such file.
        GenotypeError: If it is not JSON, not a genotype, of a newer version, or its checksum does
            not fit its content.
    """
    try:
        return from_json(json.loads(Path(path).read_text(encoding='utf-8')))
    except GenotypeError as error:
        raise GenotypeError(f'{path}: {error}') from None
    except (RecursionError, ValueError) as error:  # ValueError: no text, no JSON, a huge number
        raise GenotypeError(f'{path}: not a JSON file ({error})') from None


def to_json(genotype: Genotype) -> dict[str, Any]:
    """The content of a genotype file as plain values."""
    body = genotype.to_dict()
    return {'format': FORMAT, 'version': VERSION, **body, 'checksum': _checksum(body)}


def from_json(data: Any) -> Genotype:
    """Check the frame of a genotype file (format, version, checksum) and read its content."""
    if not isinstance(data, dict):
        raise GenotypeError(f'not a genotype file: expected a JSON object, got {short_repr(data)}')
    found = {key: data.get(key) for key in ('format', 'version', 'checksum')}
    shown = {key: short_repr(value) for key, value in found.items()}
    if found['format'] != FORMAT:
        raise GenotypeError(
            f"not a genotype file: 'format' is {shown['format']}, expected '{FORMAT}'"
        )
    if found['version'] != VERSION:
        raise GenotypeError(
            f"'version' is {shown['version']}, this release reads version {VERSION}; "
            'a newer release of ostrdet may read it'
        )
    genotype = Genotype.from_dict(data)
    expected = _checksum(genotype.to_dict())
    if found['checksum'] != expected:
        raise GenotypeError(
            f"'checksum' is {shown['checksum']}, the content has '{expected}': the file was changed "
            'or damaged; restore it, or convert the cells again'
        )
    return genotype


def _checksum(body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(',', ':'))
    return 'sha256:' + hashlib.sha256(text.encode()).hexdigest()
