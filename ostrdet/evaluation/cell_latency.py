"""What networks cost, also where a device was measured cell by cell."""

from typing import Any

from ostrdet.errors import GenotypeError
from ostrdet.evaluation.benchmark_table import BenchmarkError
from ostrdet.evaluation.nas_bench import load_table
from ostrdet.models.networks.counting import network_costs
from ostrdet.spaces import SearchSpace
from ostrdet.structures import Layout
from ostrdet.structures.cell_costs import LATENCY, CellCosts, Costs
from ostrdet.structures.latency_table import PER_MILLISECOND, CellLatencies


def count_costs(space: SearchSpace, size: Layout, unit: str, table: Any = None) -> Costs:
    """The costs of all derived networks of a space.

    Args:
        space: As in :func:`network_costs`.
        size: As in :func:`network_costs`.
        unit: As in :func:`network_costs`; a table by cell holds for the size at which it was measured.
        table: For the unit 'latency', milliseconds of operations or of cells.

    Raises:
        InvalidValueError: As :func:`network_costs`.
        FileNotFoundError: If there is no such table.
        BenchmarkError: If a table by cell is malformed, or holds no cell of the space.
        UnknownNameError: If it has no such device; the nearest name is offered.
    """
    if unit == LATENCY and isinstance(table, CellLatencies):
        return cell_costs(space, table)
    return network_costs(space, size, unit, table)


def cell_costs(space: SearchSpace, latencies: CellLatencies) -> CellCosts:
    """The nanoseconds of every cell of ``space`` that a table lists; errors as :func:`count_costs`."""
    table = load_table(latencies.paths)
    genotypes, costs = [], []
    for text, milliseconds in table.column(latencies.device).items():
        try:
            genotype = space.parse(text)
        except GenotypeError:  # of another space
            continue
        if milliseconds < 0:
            raise BenchmarkError(
                f"'{table.path}': {latencies.device} of '{text}' is {milliseconds:g}, expected "
                'milliseconds, which are not negative'
            )
        genotypes.append(genotype)
        costs.append(round(milliseconds * PER_MILLISECOND))
    if not genotypes:
        raise BenchmarkError(
            f"'{table.path}' holds no cell of {type(space).__name__}; give the table of that space, and "
            "beside one that numbers its cells one with the columns 'index' and 'arch'"
        )
    return CellCosts(genotypes, costs)
