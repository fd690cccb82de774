"""Genotypes by name, file or text: the published ones lie in ``configs/genotypes``."""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ostrdet.invocation import configs_folder
from ostrdet.registry import SPACES, build, nearest
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype, GenotypeError, load_genotype
from ostrdet.structures.text_formats import TEXT_FORMATS


def zoo_folder() -> Path:
    """The folder of the published genotypes: inside the installed package, or beside it."""
    return configs_folder() / 'genotypes'


def list_genotypes() -> list[str]:
    """The names of the published genotypes, sorted."""
    return sorted(path.stem for path in zoo_folder().glob('*.json'))


def get_genotype(source: str | os.PathLike[str] | Mapping[str, Any] | Genotype) -> Genotype:
    """A genotype that belongs to its space.

    Args:
        source: A published name (see :func:`list_genotypes`), a path (``FILE.json``, ``./FILE``),
            or a text form (``Genotype(normal=[...], ...)``, ``|op~0|+...``). A text does not tell
            its space: it is the first registered one, with its defaults, in which it is valid.
            Also a dict as :meth:`Genotype.to_dict` writes it, or a genotype itself.

    Raises:
        KeyError: If a text is none of the three; the nearest name is offered.
        FileNotFoundError: If it is a path and there is no such file.
        GenotypeError: If the file or text is malformed, or does not belong to its space.

    Examples:
        >>> get_genotype('nb201_resnet').cells['cell'].nodes[0]
        (('nor_conv_3x3', 0),)
    """
    if isinstance(source, Genotype | Mapping):
        return _checked(source if isinstance(source, Genotype) else Genotype.from_dict(source))
    name = os.fspath(source)
    if any(form.matches(name) for form in TEXT_FORMATS.values()):
        return _parse(name)
    known = list_genotypes()
    if name in known:
        return _load(zoo_folder() / f'{name}.json')
    path = Path(name)
    if path.suffix == '.json' or path.name != name:
        return _load(path)
    raise KeyError(
        f"no genotype '{name}': neither a published name, nor a path (FILE.json, ./FILE), nor a "
        f"text that starts with 'Genotype(' or '|'. {nearest(name, known)}"
    )


def _load(path: Path) -> Genotype:
    genotype = load_genotype(path)
    try:
        return _checked(genotype)
    except (LookupError, TypeError, ValueError) as error:
        raise GenotypeError(f'{path}: {error.args[0]}') from error


def _checked(genotype: Genotype) -> Genotype:
    build_space(genotype.space).validate(genotype)
    return genotype


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
