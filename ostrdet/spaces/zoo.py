"""Genotypes by name, file or text: the published ones lie in ``configs/genotypes``."""

import codecs
import dataclasses
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ostrdet.errors import GenotypeError, UnknownNameError
from ostrdet.invocation import configs_folder, find_config
from ostrdet.registry import SPACES, build, nearest
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype, load_collection
from ostrdet.structures.genotype_file import genotype_names, the_only
from ostrdet.structures.text_formats import TEXT_FORMATS, find_texts

#: Lines that a message names.
SHOWN = 5
#: What stands between a file of several genotypes and the name of one.
MEMBER = '#'


def zoo_folder() -> Path:
    """The folder of the published genotypes: inside the installed package, or beside it."""
    return configs_folder() / 'genotypes'


def list_genotypes() -> list[str]:
    """The names of the published genotypes, sorted."""
    return [*zoo_files(zoo_folder())]


def zoo_files(folder: Path) -> dict[str, Path]:
    """The file of every genotype in a folder, by name, sorted.

    A file with one genotype is called as that; a file with several names each.

    Raises:
        GenotypeError: If two have the same name, or a file is no JSON.
    """
    files: dict[str, Path] = {}
    for path in sorted(folder.glob('*.json')):
        for name in _names(path, path.stat().st_mtime_ns):
            if name in files:
                raise GenotypeError(
                    f"two genotypes are called '{name}', one in '{files[name]}' and one in '{path}': "
                    'rename one of them'
                )
            files[name] = path
    return dict(sorted(files.items()))


@lru_cache(maxsize=1024)
def _names(path: Path, changed_at: int) -> tuple[str, ...]:
    """The names in a file, kept until it is changed."""
    return tuple(genotype_names(path))


def get_genotype(source: str | os.PathLike[str] | Mapping[str, Any] | Genotype) -> Genotype:
    """A genotype that belongs to its space.

    Args:
        source: A published name (see :func:`list_genotypes`), the path of a genotype file (of one
            with several, ``FILE#NAME``) or of a text with one genotype in it, or a text form (``Genotype(normal=[...], ...)``,
            ``|op~0|+...``), also with other words around it. A text does not tell its space: it is
            the first registered one, with its defaults, in which it is valid. Also a dict as
            :meth:`Genotype.to_dict` writes it, or a genotype itself.

    Raises:
        UnknownNameError: If a text is none of the three, or a file does not hold the name behind
            it; the nearest name is offered.
        FileNotFoundError: If it is a path and there is no such file.
        GenotypeError: If the file or text is malformed, holds several genotypes, or does not belong
            to its space.

    Examples:
        >>> get_genotype('nb201_resnet').cells['cell'].nodes[0]
        (('nor_conv_3x3', 0),)
    """
    if isinstance(source, Genotype | Mapping):
        return _checked(source if isinstance(source, Genotype) else Genotype.from_dict(source))
    name = os.fspath(source)
    found = find_texts(name)
    if found or any(form.matches(name) for form in TEXT_FORMATS.values()):
        return _parse_within(name, found, 'the text')
    known = zoo_files(zoo_folder())
    if name in known:
        return _load(known[name], name)
    path, member = find_config(name), None
    if MEMBER in name and not _is_file(path):
        file, _, member = name.rpartition(MEMBER)
        path = find_config(file)
    if path.suffix == '.json' or path.name != name or _is_file(path):
        return _load(path, member)
    raise UnknownNameError(
        f"no genotype '{name}': neither a published name, nor a path (FILE, FILE.json), nor a "
        f"text with 'Genotype(...)' or '|op~0|+...' in it. {nearest(name, known)}"
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the text is too long for a name
        return False


def _load(path: Path, name: str | None = None) -> Genotype:
    """The genotype of a file, or the one that it calls ``name``."""
    content = path.read_bytes()
    text = '' if content.lstrip().startswith(b'{') else _decoded(content)
    if found := find_texts(text):
        genotype = _parse_within(text, found, f"'{path}'")
        return dataclasses.replace(genotype, provenance={'source': f'a text in {path.name}'})
    if not content.lstrip().startswith((b'{', b'[')):
        raise GenotypeError(
            f"{path}: not a JSON file, and no text with 'Genotype(...)' or '|op~0|+...' in it"
        )
    genotype = _member(path, name)
    try:
        return _checked(genotype)
    except (LookupError, TypeError, ValueError) as error:
        raise GenotypeError(f'{path}: {error.args[0]}') from error


def _member(path: Path, name: str | None) -> Genotype:
    collection = load_collection(path)
    if name is None:
        return the_only(collection, path)
    if name not in collection.genotypes:
        hint = nearest(name, collection.genotypes)
        raise UnknownNameError(f"{path}: holds no genotype '{name}'. {hint}")
    return collection.genotypes[name]


def _decoded(content: bytes) -> str:
    """A text of any encoding that its first bytes tell, as consoles of Windows write UTF-16."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode('utf-16' if is_utf16 else 'utf-8', errors='replace')


def _checked(genotype: Genotype) -> Genotype:
    build_space(genotype.space).validate(genotype)
    return genotype


def _parse_within(text: str, found: Mapping[str, int], where: str) -> Genotype:
    """The one genotype that ``text`` is, or that was ``found`` in it."""
    try:
        return _parse(text)
    except GenotypeError:
        if not found or [*found] == [text]:
            raise
    genotypes: list[Genotype] = []
    lines = []
    for part, line in found.items():
        genotype = _parse(part)
        if genotype not in genotypes:
            genotypes.append(genotype)
            lines.append(line)
    if len(genotypes) > 1:
        shown = ', '.join(map(str, lines[:SHOWN])) + ', ...' * (len(lines) > SHOWN)
        raise GenotypeError(
            f'{where} holds {len(genotypes)} different genotypes (lines {shown}), expected one: give '
            'the text of the one that you mean in quotes, or in a file of its own'
        )
    return genotypes[0]


def _parse(text: str) -> Genotype:
    errors = {}
    for space in _default_spaces():
        if TEXT_FORMATS[space.text_format].matches(text):
            try:
                return space.parse(text)
            except GenotypeError as error:
                errors[type(space).__name__] = str(error)
    if len(set(errors.values())) == 1:
        raise GenotypeError(next(iter(errors.values())))
    reasons = '; '.join(f'{name}: {error}' for name, error in errors.items())
    raise GenotypeError(f'the genotype belongs to no registered space ({reasons})')


def _default_spaces() -> Iterator[SearchSpace]:
    """The registered spaces that need no argument, in the order of their registration."""
    SPACES.import_from_location()
    for name, space in SPACES.module_dict.items():
        if all(_has_default(field) for field in dataclasses.fields(space)):
            yield build(SPACES, {'type': name})


def _has_default(field: 'dataclasses.Field[object]') -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing
