"""Genotypes by name, file or text: the published ones lie in ``configs/genotypes``."""

import codecs
import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ostrdet.errors import GenotypeError, UnknownNameError
from ostrdet.invocation import configs_folder, find_config
from ostrdet.registry import SPACES, build, nearest
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype, load_genotype
from ostrdet.structures.text_formats import TEXT_FORMATS, find_texts

#: Lines that a message names.
SHOWN = 5


def zoo_folder() -> Path:
    """The folder of the published genotypes: inside the installed package, or beside it."""
    return configs_folder() / 'genotypes'


def list_genotypes() -> list[str]:
    """The names of the published genotypes, sorted."""
    return sorted(path.stem for path in zoo_folder().glob('*.json'))


def get_genotype(source: str | os.PathLike[str] | Mapping[str, Any] | Genotype) -> Genotype:
    """A genotype that belongs to its space.

    Args:
        source: A published name (see :func:`list_genotypes`), the path of a genotype file or of a
            text with one genotype in it, or a text form (``Genotype(normal=[...], ...)``,
            ``|op~0|+...``), also with other words around it. A text does not tell its space: it is
            the first registered one, with its defaults, in which it is valid. Also a dict as
            :meth:`Genotype.to_dict` writes it, or a genotype itself.

    Raises:
        UnknownNameError: If a text is none of the three; the nearest name is offered.
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
    known = list_genotypes()
    if name in known:
        return _load(zoo_folder() / f'{name}.json')
    path = find_config(name)
    if path.suffix == '.json' or path.name != name or _is_file(path):
        return _load(path)
    raise UnknownNameError(
        f"no genotype '{name}': neither a published name, nor a path (FILE, FILE.json), nor a "
        f"text with 'Genotype(...)' or '|op~0|+...' in it. {nearest(name, known)}"
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the text is too long for a name
        return False


def _load(path: Path) -> Genotype:
    content = path.read_bytes()
    text = '' if content.lstrip().startswith(b'{') else _decoded(content)
    if found := find_texts(text):
        genotype = _parse_within(text, found, f"'{path}'")
        return dataclasses.replace(genotype, provenance={'source': f'a text in {path.name}'})
    if not content.lstrip().startswith((b'{', b'[')):
        raise GenotypeError(
            f"{path}: not a JSON file, and no text with 'Genotype(...)' or '|op~0|+...' in it"
        )
    genotype = load_genotype(path)
    try:
        return _checked(genotype)
    except (LookupError, TypeError, ValueError) as error:
        raise GenotypeError(f'{path}: {error.args[0]}') from error


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
