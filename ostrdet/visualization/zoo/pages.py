"""The zoo: the published genotypes, and the files that are generated from them."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from ostrdet.evaluation.complexity import complexity
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype, load_genotype, save_genotype
from ostrdet.visualization.zoo.metafile import CONFIGS, render_metafile
from ostrdet.visualization.zoo.table import render_table

FOLDER = 'configs/genotypes'
TABLE = 'docs/zoo.md'
METAFILE = f'{CONFIGS}/metafile.yml'


def read_zoo(root: Path) -> dict[str, Genotype]:
    """The genotypes of a checkout by name, sorted.

    Raises:
        FileNotFoundError: If there are none below ``root``.
        GenotypeError: If a file is not a genotype, or was changed by hand.
    """
    paths = sorted((root / FOLDER).glob('*.json'))
    if not paths:
        raise FileNotFoundError(
            f"no genotypes in '{root / FOLDER}', expected a checkout of ostrdet: run this in its "
            'root, or pass --root'
        )
    return {path.stem: load_genotype(path) for path in paths}


def recount(genotype: Genotype) -> Genotype:
    """``genotype`` with freshly counted ``provenance['complexity']``, for all layouts of its space."""
    layouts = build_space(genotype.space).layouts
    counts = {layout: dataclasses.asdict(complexity(genotype, layout)) for layout in layouts}
    return dataclasses.replace(genotype, provenance={**genotype.provenance, 'complexity': counts})


def render_documents(zoo: Mapping[str, Genotype]) -> dict[str, str]:
    """The generated files that are no genotypes: text by path below the root."""
    return {TABLE: render_table(zoo), METAFILE: render_metafile(zoo)}


def stale_files(root: Path, *, write: bool = False) -> list[str]:
    """The files below ``root`` that are not what would be generated from the genotypes.

    Args:
        root: Root of a checkout.
        write: Whether to generate those files anew.

    Returns:
        Their paths below ``root``.

    Raises:
        FileNotFoundError: If ``root`` is no checkout.
        GenotypeError: If a genotype is invalid.
    """
    recorded = read_zoo(root)
    counted = {name: recount(genotype) for name, genotype in recorded.items()}
    names = [name for name in counted if counted[name].provenance != recorded[name].provenance]
    texts = {
        path: text for path, text in render_documents(counted).items() if _read(root / path) != text
    }
    if write:
        for name in names:
            save_genotype(counted[name], root / FOLDER / f'{name}.json')
        for path, text in texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding='utf-8')
    return [*(f'{FOLDER}/{name}.json' for name in names), *texts]


def _read(path: Path) -> str | None:
    return path.read_text(encoding='utf-8') if path.is_file() else None
