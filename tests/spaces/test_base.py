"""What all spaces share: configs there and back, validation of genotypes, hints."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from mmengine import Config

from ostrdet.errors import GenotypeError
from ostrdet.registry import SPACES
from ostrdet.spaces import DARTSSpace, NASBench201Space, NASNetSpace, SearchSpace, build_space
from ostrdet.structures import CellGenotype, FeatureSpec, Genotype, StemPlan

DARTS, NB201 = DARTSSpace(), NASBench201Space()
EDGES = (('skip_connect', 0), ('sep_conv_3x3', 1))
CELL = CellGenotype((EDGES,) * 4, (2, 3, 4, 5))
DARTS_GENOTYPE = Genotype(DARTS.to_config(), {'normal': CELL, 'reduce': CELL})
NB201_TEXT = '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|'
OWN = [name for name, cls in SPACES.module_dict.items() if cls.__module__.startswith('ostrdet.')]
CONFIGS: list[dict[str, Any]] = [
    *({'type': name} for name in OWN),
    {'type': 'DARTSSpace', 'ops': ['none', 'skip_connect', 'sep_conv_3x3']},
    {'type': 'DARTSSpace', 'ops': ['skip_connect', 'sep_conv_3x3'], 'unselectable': []},
    {'type': 'DARTSSpace', 'num_nodes': 3, 'reduce_at': [[1, 2]]},
    {'type': 'DARTSSpace', 'reduce_at': []},
    {'type': 'NASBench201Space', 'num_nodes': 2, 'num_stages': 4},
    {'type': 'NASBench201Space', 'unselectable': ['none']},
]


def test_the_spaces_are_registered() -> None:
    assert set(OWN) == {
        'DARTSSpace',
        'DenseDARTSSpace',
        'NASBench201Space',
        'NASNetSpace',
        'SparseDARTSSpace',
    }


@pytest.mark.parametrize('config', CONFIGS, ids=str)
def test_to_config_is_the_config(config: dict[str, Any]) -> None:
    assert build_space(config).to_config() == config


@pytest.mark.parametrize('config', CONFIGS, ids=str)
def test_a_space_survives_json_and_the_config_of_a_run(config: dict[str, Any]) -> None:
    space = build_space(config)
    assert build_space(json.loads(json.dumps(space.to_config()))) == space
    assert build_space(Config({'space': config}).space) == space
    assert hash(build_space(config)) == hash(space)


def test_to_config_leaves_out_what_is_the_default() -> None:
    config = {'type': 'DARTSSpace', 'num_nodes': 4, 'reduce_at': [[1, 3], [2, 3]]}
    assert build_space(config) == DARTS
    assert build_space(config).to_config() == {'type': 'DARTSSpace'}


def test_a_built_space_passes_through() -> None:
    assert build_space(DARTS) is DARTS


@pytest.mark.parametrize('name', OWN)
def test_every_stem_and_layout_can_be_planned(name: str) -> None:
    space = build_space({'type': name})
    assert {layout.stem for layout in space.layouts.values()} <= set(space.stems)
    for stem, states in space.stems.items():
        outputs = tuple(FeatureSpec(4 * times, stride) for times, stride in states)
        assert space.plan(stem, channels=4, num_cells=3).stem == StemPlan(stem, outputs)
    for layout in space.layouts.values():
        plan = space.plan(layout.stem, layout.channels, layout.num_cells)
        assert plan.output == plan.layers[-1].output
        assert (plan.aux_layer is None) == (layout.aux_pool_stride is None)


@dataclass(frozen=True)
class TwoOpsSpace(NASBench201Space):
    """A space of one's own, as short as the documentation shows it."""

    ops: tuple[str, ...] = ('skip_connect', 'nor_conv_3x3')
    num_nodes: int = 2


def test_a_subclass_is_a_space() -> None:
    SPACES.register_module(module=TwoOpsSpace)
    try:
        space = build_space({'type': 'ostrdet.TwoOpsSpace'})
        text = '|skip_connect~0|+|nor_conv_3x3~0|skip_connect~1|'
        genotype = space.parse(text)
        assert genotype.space == {'type': 'TwoOpsSpace'}
        assert build_space(genotype.space) == space
        assert space.format(genotype) == text
        assert len(space.plan('CIFARStem', channels=8, num_cells=1).layers) == 5
    finally:
        SPACES.module_dict.pop('TwoOpsSpace')


def test_fewer_operations_by_config() -> None:
    space = build_space({'type': 'DARTSSpace', 'ops': ['none', 'sep_conv_3x3', 'skip_connect']})
    assert space.selectable_ops == ('sep_conv_3x3', 'skip_connect')
    space.validate(DARTS_GENOTYPE)
    pools = replace(CELL, nodes=(*CELL.nodes[:3], (('max_pool_3x3', 0), ('skip_connect', 1))))
    with pytest.raises(GenotypeError, match="node 5: 'max_pool_3x3' is not an operation"):
        space.validate(Genotype({}, {'normal': CELL, 'reduce': pools}))


def test_other_nodes_by_config() -> None:
    space = build_space({'type': 'DARTSSpace', 'num_nodes': 2})
    assert [len(spec.edges) for spec in space.cells.values()] == [5, 5]
    assert space.plan('CIFARStem', 4, 3).output.channels == 2 * 16


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'ops': ['none', 'none']}, "space.ops repeats an operation: ['none', 'none']"),
        ({'ops': ['none']}, "space.ops=['none'] leaves nothing to choose, since ['none'] cannot"),
        ({'ops': []}, 'space.ops=[] leaves nothing to choose'),
    ],
)
def test_operations_that_leave_no_choice_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        build_space({'type': 'DARTSSpace', **config})


@pytest.mark.parametrize(
    ('config', 'error', 'message'),
    [
        (
            {'type': 'DARTSpace'},
            KeyError,
            "unknown search space 'DARTSpace'. Did you mean 'DARTSSp",
        ),
        ({'type': 'NB201'}, KeyError, 'Known: DARTSSpace, DenseDARTSSpace, NASBench201Space, '),
        ({'num_nodes': 4}, KeyError, "a search space config needs the key 'type', got {'num_nodes"),
        ('DARTSSpace', TypeError, "a search space config is a dict with the key 'type', got 'DAR"),
        (
            {'type': 'DARTSSpace', 'nodes': 3},
            TypeError,
            "search space DARTSSpace has no argument 'nodes'. Did you mean 'num_nodes'?",
        ),
    ],
)
def test_wrong_configs_get_a_hint(config: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        build_space(config)


def test_unknown_stems_and_layouts_get_a_hint() -> None:
    with pytest.raises(
        KeyError, match=r"unknown stem 'ImagenetStem' of DARTSSpace. Did you mean 'I"
    ):
        DARTS.plan('ImagenetStem', 16, 8)
    with pytest.raises(
        KeyError, match=r"unknown layout 'cifar' of NASBench201Space. Did you mean 'c"
    ):
        NB201.layout('cifar')
    assert NB201.layout('cifar10') is NB201.layouts['cifar10']


def darts(nodes: Any = CELL.nodes, output: Any = CELL.output) -> Genotype:
    return Genotype({}, {'normal': CELL, 'reduce': CellGenotype(nodes, output)})


def first_node(*edges: tuple[str, int]) -> Genotype:
    return darts((edges, *CELL.nodes[1:]))


@pytest.mark.parametrize(
    ('genotype', 'message'),
    [
        (Genotype({}, {'cell': CELL}), "the genotype has the cells ['cell'], DARTSSpace has ['nor"),
        (Genotype({}, {'normal': CELL}), 'it belongs to another space'),
        (NB201.parse(NB201_TEXT), 'it belongs to another space'),
        (darts(CELL.nodes[:3]), "cell 'reduce' has 3 nodes, DARTSSpace has 4"),
        (darts(output=()), "cell 'reduce' puts out the nodes [], expected some of [2, 3, 4, 5]"),
        (darts(output=(2, 6)), 'puts out the nodes [2, 6], expected some of [2, 3, 4, 5], each on'),
        (darts(output=(1, 2)), 'puts out the nodes [1, 2], expected some of [2, 3, 4, 5]'),
        (darts(output=(2, 2)), 'puts out the nodes [2, 2], expected some of [2, 3, 4, 5], each on'),
        (first_node(EDGES[0]), "cell 'reduce', node 2 has 1 edges, expected 2"),
        (first_node(*EDGES, EDGES[0]), "cell 'reduce', node 2 has 3 edges, expected 2"),
        (first_node(EDGES[0], ('sep_conv_3x3', 2)), 'node 2 reads node 2, expected one of 0..1'),
        (first_node(EDGES[0], ('sep_conv_3x3', -1)), 'node 2 reads node -1, expected one of 0..1'),
        (first_node(EDGES[0], EDGES[0]), 'node 2 reads a node twice: [0, 0]'),
        (first_node(EDGES[0], ('none', 1)), "node 2: 'none' is never selected in DARTSSpace"),
        (
            first_node(EDGES[0], ('sep_conv3x3', 1)),
            "node 2: 'sep_conv3x3' is not an operation of DARTSSpace. Did you mean 'sep_conv_3x3'?",
        ),
    ],
)
def test_what_does_not_belong_to_the_space_is_named(genotype: Genotype, message: str) -> None:
    with pytest.raises(GenotypeError, match=re.escape(message)):
        DARTS.validate(genotype)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('|none~0|', "cell 'cell' has 1 nodes, NASBench201Space has 3"),
        (NB201_TEXT.replace('none~1', 'none~0'), 'node 3 reads a node twice: [0, 0, 2]'),
        (NB201_TEXT.replace('none~1', 'none~3'), 'node 3 reads node 3, expected one of 0..2'),
        (
            NB201_TEXT.replace('|none~0|skip', '|skip'),
            "cell 'cell', node 2 has 1 edges, expected 2",
        ),
        (
            NB201_TEXT.replace('avg_pool', 'max_pool'),
            "'max_pool_3x3' is not an operation of NASBench201Space. Did you mean 'avg_pool_3x3'?",
        ),
    ],
)
def test_texts_of_other_spaces_are_refused(text: str, message: str) -> None:
    with pytest.raises(GenotypeError, match=re.escape(message)):
        NB201.parse(text)


def test_text_of_the_other_form_is_refused() -> None:
    with pytest.raises(GenotypeError, match='malformed genotype text'):
        NB201.parse(DARTS.format(DARTS_GENOTYPE))
    with pytest.raises(GenotypeError, match='malformed genotype text'):
        DARTS.parse(NB201_TEXT)


def test_the_output_of_a_benchmark_cell_is_its_last_node() -> None:
    genotype = NB201.parse(NB201_TEXT)
    cell = replace(genotype.cells['cell'], output=(2,))
    with pytest.raises(GenotypeError, match=r'puts out the nodes \[2\], expected \[3\]'):
        NB201.validate(Genotype(genotype.space, {'cell': cell}))


@pytest.mark.parametrize(
    'space', [DARTS, NASNetSpace(), DARTSSpace(num_nodes=3, reduce_at=((1, 2),))], ids=str
)
def test_genotypes_of_changed_spaces_round_trip(space: SearchSpace) -> None:
    num_nodes = space.cells['normal'].num_nodes
    cell = CellGenotype((EDGES,) * num_nodes, tuple(range(2, 2 + num_nodes)))
    genotype = Genotype(space.to_config(), {'normal': cell, 'reduce': replace(cell, output=(2,))})
    space.validate(genotype)
    assert space.parse(space.format(genotype)) == genotype
    read = Genotype.from_dict(json.loads(json.dumps(genotype.to_dict())))
    assert read == genotype
    assert build_space(read.space) == space
