"""Genotype files: versioned JSON with a checksum. They are parsed, never executed.

A file holds one genotype, or those of one origin by name::

    {"format": "ostrdet.genotypes", "version": 1, "source": {...}, "genotypes": {NAME: {...}}, "checksum": ...}

``source`` is what their provenances share, such as the paper and the repository with its commit.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostrdet.errors import GenotypeError
from ostrdet.structures.atomic import write_atomically
from ostrdet.structures.genotype import Genotype, expect, short_repr

FORMAT, COLLECTION_FORMAT = 'ostrdet.genotype', 'ostrdet.genotypes'
VERSION = 1
#: What an object or a list may take to stand on one line.
LINE = 100
_NAME = re.compile(r'[A-Za-z0-9_][\w.-]*')


@dataclass(frozen=True)
class GenotypeCollection:
    """The genotypes of a file.

    Attributes:
        genotypes: By name; the provenance of each holds what ``source`` says as well.
        source: What the provenances share; None for a file with a single genotype, which has the
            name of the file.
    """

    genotypes: Mapping[str, Genotype]
    source: Mapping[str, Any] | None = None


def save_genotype(genotype: Genotype, path: str | os.PathLike[str]) -> None:
    """Write ``genotype`` to ``path``: first to a temporary file beside it, then renamed over it."""
    _write(Path(path), json.dumps(to_json(genotype), indent=1))


def save_collection(collection: GenotypeCollection, path: str | os.PathLike[str]) -> None:
    """Write a file as :func:`load_collection` reads it, in the same way as :func:`save_genotype`.

    Raises:
        GenotypeError: If there is no ``source``, but more than one genotype.
    """
    if collection.source is not None:
        _write(Path(path), _laid_out(_collection_to_json(collection)))
        return
    save_genotype(the_only(collection, path), path)


def load_genotype(path: str | os.PathLike[str]) -> Genotype:
    """Read a file with one genotype.

    Raises:
        FileNotFoundError: If there is no such file.
        GenotypeError: If it is not JSON, not a genotype, of a newer version, its checksum does not
            fit its content, or it holds several.
    """
    return the_only(load_collection(path), path)


def load_collection(path: str | os.PathLike[str]) -> GenotypeCollection:
    """Read a genotype file of either kind.

    Raises:
        FileNotFoundError: If there is no such file.
        GenotypeError: As in :func:`load_genotype`, but it may hold several.
    """
    path = Path(path)
    data = _read(path)
    try:
        if _is_collection(data):
            return _collection_from_json(data)
        return GenotypeCollection({path.stem: from_json(data)})
    except GenotypeError as error:
        raise GenotypeError(f'{path}: {error}') from None


def genotype_names(path: Path) -> list[str]:
    """The names of the genotypes of a file, of which nothing else is checked.

    Raises:
        FileNotFoundError: If there is no such file.
        GenotypeError: If it is not JSON, or a collection without genotypes.
    """
    data = _read(path)
    if not _is_collection(data):
        return [path.stem]
    if not isinstance(data.get('genotypes'), dict):
        raise GenotypeError(f"{path}: 'genotypes' is no dict of genotypes by name")
    return [*data['genotypes']]


def the_only(collection: GenotypeCollection, path: str | os.PathLike[str]) -> Genotype:
    """The genotype of a file that holds one.

    Raises:
        GenotypeError: If it holds several.
    """
    if len(collection.genotypes) == 1:
        return next(iter(collection.genotypes.values()))
    raise GenotypeError(
        f'{path}: holds {len(collection.genotypes)} genotypes, expected one; name the one that you '
        f"mean behind the file, as in '{path}#{next(iter(collection.genotypes))}'"
    )


def to_json(genotype: Genotype) -> dict[str, Any]:
    """The content of a genotype file as plain values."""
    body = genotype.to_dict()
    return {'format': FORMAT, 'version': VERSION, **body, 'checksum': _checksum(body)}


def from_json(data: Any) -> Genotype:
    """Check the frame of a genotype file (format, version, checksum) and read its content."""
    _check_frame(data, FORMAT)
    genotype = Genotype.from_dict(data)
    _check_sum(data, genotype.to_dict())
    return genotype


def _collection_to_json(collection: GenotypeCollection) -> dict[str, Any]:
    body = _collection_body(collection.genotypes, collection.source or {})
    return {'format': COLLECTION_FORMAT, 'version': VERSION, **body, 'checksum': _checksum(body)}


def _collection_body(
    genotypes: Mapping[str, Genotype], source: Mapping[str, Any]
) -> dict[str, Any]:
    """Source and genotypes as plain values, each provenance without what the source says."""
    bodies = {name: genotype.to_dict() for name, genotype in genotypes.items()}
    for body in bodies.values():
        body['provenance'] = {
            key: value
            for key, value in body['provenance'].items()
            if key not in source or source[key] != value
        }
    return {'source': dict(source), 'genotypes': bodies}


def _collection_from_json(data: dict[str, Any]) -> GenotypeCollection:
    _check_frame(data, COLLECTION_FORMAT)
    source = expect(data.get('source'), Mapping, 'source', 'a dict of what the genotypes share')
    entries = expect(data.get('genotypes'), Mapping, 'genotypes', 'a dict of genotypes by name')
    if not entries:
        raise GenotypeError("'genotypes' is empty, expected at least one")
    genotypes = {name: _member(name, entry, source) for name, entry in entries.items()}
    _check_sum(data, _collection_body(genotypes, source))
    return GenotypeCollection(genotypes, dict(source))


def _member(name: str, entry: Any, source: Mapping[str, Any]) -> Genotype:
    if not _NAME.fullmatch(name):
        raise GenotypeError(
            f'a genotype is called {short_repr(name)}, expected letters, digits and any of _ . -'
        )
    try:
        genotype = Genotype.from_dict(entry)
    except GenotypeError as error:
        raise GenotypeError(f"genotype '{name}': {error}") from None
    return Genotype(genotype.space, genotype.cells, {**source, **genotype.provenance})


def _is_collection(data: Any) -> bool:
    return isinstance(data, dict) and data.get('format') == COLLECTION_FORMAT


def _check_frame(data: Any, form: str) -> None:
    if not isinstance(data, dict):
        raise GenotypeError(f'not a genotype file: expected a JSON object, got {short_repr(data)}')
    if data.get('format') != form:
        raise GenotypeError(
            f"not a genotype file: 'format' is {short_repr(data.get('format'))}, expected '{form}'"
        )
    if data.get('version') != VERSION:
        raise GenotypeError(
            f"'version' is {short_repr(data.get('version'))}, this release reads version {VERSION}; "
            'a newer release of ostrdet may read it'
        )


def _check_sum(data: dict[str, Any], body: dict[str, Any]) -> None:
    expected = _checksum(body)
    if data.get('checksum') != expected:
        raise GenotypeError(
            f"'checksum' is {short_repr(data.get('checksum'))}, the content has '{expected}': the file "
            'was changed or damaged; restore it, or convert the cells again'
        )


def _checksum(body: dict[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(',', ':'))
    return 'sha256:' + hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (RecursionError, ValueError) as error:  # ValueError: no text, no JSON, a huge number
        raise GenotypeError(f'{path}: not a JSON file ({error})') from None


def _write(path: Path, text: str) -> None:
    write_atomically(path, f'{text}\n'.encode())


def _laid_out(value: Any, indent: int = 0) -> str:
    """JSON with an item on each line, but lists, and objects that fit on a line, on one."""
    line = json.dumps(value)
    if not isinstance(value, dict) or (indent and len(line) <= LINE):
        return line
    pad = ' ' * (indent + 1)
    items = (
        f'{pad}{json.dumps(key)}: {_laid_out(item, indent + 1)}' for key, item in value.items()
    )
    return '{\n' + ',\n'.join(items) + '\n' + ' ' * indent + '}'
