"""Plain data that every floor above speaks in: pure Python, no torch."""

from ostrdet.structures.arch_step import ArchState, ArchStep
from ostrdet.structures.cell_spec import CellSpec, Edge
from ostrdet.structures.genotype import CellGenotype, Genotype
from ostrdet.structures.genotype_file import (
    GenotypeCollection,
    load_collection,
    load_genotype,
    save_collection,
    save_genotype,
)
from ostrdet.structures.macro_plan import (
    BlockPlan,
    CellPlan,
    FeatureSpec,
    Layout,
    MacroPlan,
    StemPlan,
)

__all__ = [
    'ArchState',
    'ArchStep',
    'BlockPlan',
    'CellGenotype',
    'CellPlan',
    'CellSpec',
    'Edge',
    'FeatureSpec',
    'Genotype',
    'GenotypeCollection',
    'Layout',
    'MacroPlan',
    'StemPlan',
    'load_collection',
    'load_genotype',
    'save_collection',
    'save_genotype',
]
