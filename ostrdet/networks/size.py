"""A genotype by name, and the size of its network."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Genotype, Layout

#: What :func:`ostrdet.spaces.zoo.get_genotype` finds a genotype by.
Source = str | os.PathLike[str] | Mapping[str, Any] | Genotype


def found_size(
    genotype: Source, layout: str, channels: int | None, num_cells: int | None
) -> tuple[Genotype, Layout]:
    """The genotype, and the layout with ``channels`` and ``num_cells`` where these are given.

    Raises:
        FileNotFoundError: If there is no such genotype file.
        GenotypeError: If the genotype does not belong to its space.
        UnknownNameError: If a name is unknown; the nearest is offered.
    """
    found = get_genotype(genotype)
    size = build_space(found.space).layout(layout)
    return found, replace(
        size,
        channels=size.channels if channels is None else channels,
        num_cells=size.num_cells if num_cells is None else num_cells,
    )
