"""The zoo: the published genotypes, and the files that are generated from them."""

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path

from ostrdet.errors import UnknownNameError
from ostrdet.evaluation.complexity import complexity
from ostrdet.registry import nearest
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import zoo_files
from ostrdet.structures import Genotype, GenotypeCollection, load_collection, save_collection
from ostrdet.visualization.zoo.metafile import CONFIGS, render_metafile
from ostrdet.visualization.zoo.table import render_table

FOLDER = 'configs/genotypes'
TABLE = 'docs/zoo.md'
METAFILE = f'{CONFIGS}/metafile.yml'


def read_zoo(root: Path) -> dict[str, Genotype]:
    """The genotypes of a checkout by name, sorted.

    Raises:
        FileNotFoundError: If there are none below ``root``.
        GenotypeError: If a file is not a genotype, or was changed by hand, or a name is not unique.
    """
    genotypes = {
        name: genotype
        for file in _read_files(root).values()
        for name, genotype in file.genotypes.items()
    }
    return dict(sorted(genotypes.items()))


def _read_files(root: Path) -> dict[Path, GenotypeCollection]:
    paths = set(zoo_files(root / FOLDER).values())
    if not paths:
        raise FileNotFoundError(
            f"no genotypes in '{root / FOLDER}', expected a checkout of ostrdet: run this in its "
            'root, or pass --root'
        )
    return {path: load_collection(path) for path in sorted(paths)}


def recount(genotype: Genotype) -> Genotype:
    """``genotype`` with freshly counted ``provenance['complexity']``, for all layouts of its space."""
    layouts = build_space(genotype.space).layouts
    counts = {layout: dataclasses.asdict(complexity(genotype, layout)) for layout in layouts}
    return dataclasses.replace(genotype, provenance={**genotype.provenance, 'complexity': counts})


def render_documents(zoo: Mapping[str, Genotype]) -> dict[str, str]:
    """The generated files that are no genotypes: text by path below the root."""
    return {TABLE: render_table(zoo), METAFILE: render_metafile(zoo)}


def stale_files(
    root: Path, *, only: Collection[str] | None = None, write: bool = False
) -> list[str]:
    """The files below ``root`` that are not what would be generated from the genotypes.

    Args:
        root: Root of a checkout.
        only: The genotypes to count anew; None counts all, which takes seconds for each.
        write: Whether to generate those files anew.

    Returns:
        Their paths below ``root``.

    Raises:
        FileNotFoundError: If ``root`` is no checkout.
        GenotypeError: If a genotype is invalid.
        UnknownNameError: If ``only`` names what is not there; the nearest name is offered.
    """
    recorded = _read_files(root)
    known = [name for file in recorded.values() for name in file.genotypes]
    for name in only or ():
        if name not in known:
            raise UnknownNameError(f"unknown genotype '{name}'. {nearest(name, known)}")
    counted = {
        path: dataclasses.replace(file, genotypes=_recounted(file.genotypes, only))
        for path, file in recorded.items()
    }
    files = {path: file for path, file in counted.items() if not _same(file, recorded[path])}
    zoo = {name: one for file in counted.values() for name, one in file.genotypes.items()}
    texts = {
        path: text
        for path, text in render_documents(dict(sorted(zoo.items()))).items()
        if _read(root / path) != text
    }
    if write:
        _write(root, files, texts)
    return [*(path.relative_to(root).as_posix() for path in files), *texts]


def _recounted(
    genotypes: Mapping[str, Genotype], only: Collection[str] | None
) -> dict[str, Genotype]:
    return {
        name: recount(genotype) if only is None or name in only else genotype
        for name, genotype in genotypes.items()
    }


def _same(first: GenotypeCollection, second: GenotypeCollection) -> bool:
    """Whether the provenances are equal; genotypes are compared without them."""
    pairs = zip(first.genotypes.values(), second.genotypes.values(), strict=True)
    return all(one.provenance == other.provenance for one, other in pairs)


def _write(root: Path, files: Mapping[Path, GenotypeCollection], texts: Mapping[str, str]) -> None:
    for path, file in files.items():
        save_collection(file, path)
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding='utf-8')


def _read(path: Path) -> str | None:
    return path.read_text(encoding='utf-8') if path.is_file() else None
