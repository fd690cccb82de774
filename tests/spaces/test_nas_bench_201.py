"""Facts of the space of NAS-Bench-201, and all of its 15,625 architectures as text."""

import itertools
from pathlib import Path

import pytest

from ostrdet.spaces import NASBench201Space
from ostrdet.structures import (
    BlockPlan,
    CellPlan,
    FeatureSpec,
    Genotype,
    load_genotype,
    save_genotype,
)

SPACE = NASBench201Space()
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


def text_of(ops: tuple[str, ...]) -> str:
    return '|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|'.format(*ops)


def test_operations_in_the_order_of_the_benchmark() -> None:
    assert SPACE.ops == ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3')
    assert SPACE.selectable_ops == SPACE.ops
    assert SPACE.normalized_in_search == ()


def test_the_cell_keeps_all_six_edges() -> None:
    assert list(SPACE.cells) == ['cell']
    spec = SPACE.cells['cell']
    assert spec.edges == EDGES
    assert spec.output == (3,)
    assert [spec.kept(node) for node in spec.nodes] == [1, 2, 3]
    assert not spec.preprocess


def test_plan_of_the_benchmark_network() -> None:
    """C 16, N 5: stages of 16, 32 and 64 channels on 32, 16 and 8 pixels."""
    plan = SPACE.plan('CIFARStem', channels=16, num_cells=5)
    full, half, quarter = FeatureSpec(16, 1), FeatureSpec(32, 2), FeatureSpec(64, 4)
    assert plan.stem.outputs == (full,)
    assert plan.layers == (
        *[CellPlan('cell', (full,), 16, 1, full)] * 5,
        BlockPlan('ResidualReduction', (full,), half),
        *[CellPlan('cell', (half,), 32, 1, half)] * 5,
        BlockPlan('ResidualReduction', (half,), quarter),
        *[CellPlan('cell', (quarter,), 64, 1, quarter)] * 5,
    )
    assert plan.output == quarter
    assert (plan.tail, plan.aux_layer) == ('NormAct', None)


def test_published_layouts() -> None:
    sizes = {
        name: (layout.channels, layout.num_cells, layout.num_classes, layout.image_size)
        for name, layout in SPACE.layouts.items()
    }
    assert sizes == {
        'cifar10': (16, 5, 10, 32),
        'cifar100': (16, 5, 100, 32),
        'imagenet16_120': (16, 5, 120, 16),
    }
    assert {layout.aux_pool_stride for layout in SPACE.layouts.values()} == {None}


def test_all_15625_architectures_round_trip_through_text() -> None:
    seen = set()
    for ops in itertools.product(SPACE.ops, repeat=6):
        text = text_of(ops)
        genotype = SPACE.parse(text)
        edges = itertools.chain.from_iterable(genotype.cells['cell'].nodes)
        assert list(edges) == [(op, edge[0]) for op, edge in zip(ops, EDGES, strict=True)]
        assert SPACE.format(genotype) == text
        seen.add(text)
    assert len(seen) == 15_625


def test_all_15625_architectures_round_trip_through_plain_values() -> None:
    for ops in itertools.product(SPACE.ops, repeat=6):
        genotype = SPACE.parse(text_of(ops))
        assert Genotype.from_dict(genotype.to_dict()) == genotype


def test_a_sample_of_architectures_round_trips_through_files(tmp_path: Path) -> None:
    sample = list(itertools.product(SPACE.ops, repeat=6))[::250]
    assert len(sample) == 63
    for index, ops in enumerate(sample):
        file = tmp_path / f'{index}.json'
        genotype = SPACE.parse(text_of(ops))
        save_genotype(genotype, file)
        loaded = load_genotype(file)
        assert loaded == genotype
        assert SPACE.format(loaded) == text_of(ops)


@pytest.mark.parametrize('num_nodes', [1, 2, 4])
def test_cells_of_other_sizes(num_nodes: int) -> None:
    space = NASBench201Space(num_nodes=num_nodes)
    spec = space.cells['cell']
    assert len(spec.edges) == num_nodes * (num_nodes + 1) // 2
    assert spec.output == (num_nodes,)
    text = '+'.join(
        '|' + ''.join(f'none~{source}|' for source in range(node)) for node in spec.nodes
    )
    assert space.format(space.parse(text)) == text


@pytest.mark.parametrize(('num_stages', 'channels'), [(1, [4]), (2, [4, 8]), (4, [4, 8, 16, 32])])
def test_stages_double_the_channels(num_stages: int, channels: list[int]) -> None:
    plan = NASBench201Space(num_stages=num_stages).plan('CIFARStem', channels=4, num_cells=1)
    cells = [layer for layer in plan.layers if isinstance(layer, CellPlan)]
    assert [cell.channels for cell in cells] == channels
    assert [cell.output.stride for cell in cells] == [2**stage for stage in range(num_stages)]
    assert len(plan.layers) == 2 * num_stages - 1
