"""The costs of edges: their sum is the count of the whole network, to the unit."""

import dataclasses
from pathlib import Path

import pytest
import torch

from ostrdet.errors import InvalidValueError
from ostrdet.evaluation.complexity import complexity
from ostrdet.models.networks.counting import network_costs
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype, Layout
from ostrdet.structures.cell_costs import LATENCY, MACS, PARAMS, Place
from ostrdet.structures.latency_table import LatencyTable
from tests.models.conftest import RandomGenotype

#: Spaces, and small sizes of which each has a normal or plain cell before and after a reduction.
SIZES = {
    'NASBench201Space': Layout('CIFARStem', 4, 1, 7, 17),
    'DARTSSpace': Layout('CIFARStem', 4, 3, 7, 19, aux_pool_stride=3),
    'DenseDARTSSpace': Layout('ImageNetStem', 8, 4, 7, 65),
    'NASNetSpace': Layout('ImageNetStem', 8, 3, 7, 63),
}


@pytest.mark.parametrize('name', SIZES)
def test_sums_are_what_the_counter_finds_for_the_network(
    name: str, random_genotype: RandomGenotype, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = build_space({'type': name})
    monkeypatch.setattr(type(space), 'layouts', {'small': SIZES[name]})
    macs, params = (network_costs(space, SIZES[name], unit) for unit in (MACS, PARAMS))
    for seed in range(3):
        genotype = random_genotype(space, seed)
        counted = complexity(genotype, 'small')
        assert (macs.of(genotype), params.of(genotype)) == (counted.macs, counted.params)


def test_operations_into_a_node_that_nobody_reads_count(monkeypatch: pytest.MonkeyPatch) -> None:
    space = build_space({'type': 'NASBench201Space'})
    monkeypatch.setattr(type(space), 'layouts', {'small': SIZES['NASBench201Space']})
    conv, none = 'nor_conv_3x3', 'none'
    text = f'|{conv}~0|+|{none}~0|{none}~1|+|{conv}~0|{none}~1|{none}~2|'
    genotype = space.parse(text)
    costs = network_costs(space, SIZES['NASBench201Space'], MACS)
    assert costs.of(genotype) == complexity(genotype, 'small').macs


def test_no_generator_moves() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    network_costs(build_space({'type': 'NASBench201Space'}), Layout('CIFARStem', 6, 1, 5, 9), MACS)
    assert torch.equal(before, torch.get_rng_state())


def table_of(folder: Path, rows: str) -> LatencyTable:
    file = folder / 'table.csv'
    file.write_text(f'op,channels,size,stride,milliseconds,note\n{rows}', 'utf-8')
    return LatencyTable(file)


def two_ops() -> tuple[SearchSpace, Layout, Genotype]:
    space = build_space(
        {'type': 'NASBench201Space', 'ops': ['none', 'nor_conv_3x3'], 'num_nodes': 2}
    )
    genotype = space.parse('|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|')
    return space, Layout('CIFARStem', 4, 1, 7, 9), genotype


def test_latencies_are_sums_of_whole_nanoseconds(tmp_path: Path) -> None:
    space, size, genotype = two_ops()
    places = ('4,9,1', '8,5,1', '16,3,1')
    convs = ''.join(f'nor_conv_3x3,{place},0.{i}00001,x\n' for i, place in enumerate(places, 1))
    nones = ''.join(f'none,{place},0.25,\n' for place in places)
    table = table_of(tmp_path, convs + nones)
    costs = network_costs(space, size, LATENCY, table)
    assert costs.of(genotype) == 2 * 600_003 + 3 * 250_000


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        ('none,4,9,1,fast,\n', 'line 2.*expected numbers'),
        ('none,4,9,1,-1,\n', 'line 2.*not negative'),
        ('none,4,9,1,nan,\n', 'line 2.*not negative'),
        ('none,4,9,1,1,\nnone,4,9,1,2,\n', 'line 3: repeats none'),
        ('none,4,9,1,1,\n', 'no row of op=none, channels=8, size=5, stride=1'),
    ],
)
def test_tables_that_say_nothing_are_refused(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        table_of(tmp_path, row).nanoseconds('none', Place(8, 5, 1))


def test_a_table_that_is_missing_or_of_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no latency table'):
        LatencyTable(tmp_path / 'none.csv')
    (tmp_path / 'other.csv').write_text('op,ms\nnone,1\n', 'utf-8')
    with pytest.raises(InvalidValueError, match=r"the columns lack \['channels'"):
        LatencyTable(tmp_path / 'other.csv')


def test_layouts_of_ten_cells_differ_from_those_of_one() -> None:
    space, size, genotype = two_ops()
    one = network_costs(space, size, MACS)
    two = network_costs(space, dataclasses.replace(size, num_cells=2), MACS)
    assert two.of(genotype) - two.fixed == 2 * (one.of(genotype) - one.fixed)
    assert two.fixed == one.fixed
