"""Genotypes as plain values: what is written is read back, and what is wrong is named."""

import re
from typing import Any

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.structures import CellGenotype, Genotype

CELL = CellGenotype(nodes=((('a', 0),), (('b', 0), ('c', 1))), output=(2,))
GENOTYPE = Genotype({'type': 'SomeSpace', 'ops': ['a', 'b', 'c']}, {'cell': CELL}, {'seed': 3})
PLAIN = {
    'space': {'type': 'SomeSpace', 'ops': ['a', 'b', 'c']},
    'cells': {'cell': {'nodes': [[['a', 0]], [['b', 0], ['c', 1]]], 'output': [2]}},
    'provenance': {'seed': 3},
}


def cells(nodes: Any = ((('a', 0),),), output: Any = (1,)) -> dict[str, Any]:
    return {'cells': {'cell': {'nodes': nodes, 'output': output}}}


def test_to_dict_holds_plain_json_values() -> None:
    assert GENOTYPE.to_dict() == PLAIN


def test_from_dict_reads_what_to_dict_wrote() -> None:
    read = Genotype.from_dict(PLAIN)
    assert read == GENOTYPE
    assert read.provenance == {'seed': 3}


@pytest.mark.parametrize('absent', [{}, {'provenance': None}])
def test_provenance_may_be_absent(absent: dict[str, None]) -> None:
    without = {key: value for key, value in PLAIN.items() if key != 'provenance'} | absent
    assert Genotype.from_dict(without).provenance == {}


def test_provenance_does_not_count_in_comparisons() -> None:
    assert Genotype(GENOTYPE.space, GENOTYPE.cells, {'seed': 4}) == GENOTYPE
    assert Genotype({'type': 'OtherSpace'}, GENOTYPE.cells) != GENOTYPE


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'space': None}, "'space' is missing, expected a dict with the key 'type'"),
        ({'space': 'SomeSpace'}, "'space' is 'SomeSpace', expected a dict with the key 'type'"),
        ({'space': {}}, "'space.type' is missing, expected the name of a search space"),
        ({'space': {'type': 5}}, "'space.type' is 5, expected the name"),
        ({'cells': None}, "'cells' is missing, expected a dict of the cells"),
        ({'cells': [1]}, "'cells' is [1], expected a dict of the cells"),
        ({'cells': {}}, "'cells' is empty, expected at least one cell"),
        ({'cells': {'cell': 7}}, "'cells.cell' is 7, expected a dict with the keys 'nodes'"),
        ({'cells': {'cell': {}}}, "'cells.cell.nodes' is missing, expected a list with a list"),
        ({'provenance': 'me'}, "'provenance' is 'me', expected a dict"),
        (cells(nodes='ab'), "'cells.cell.nodes' is 'ab', expected a list with a list per node"),
        (cells(nodes=[[['a', 0]], 5]), "'cells.cell.nodes[1]' is 5, expected a list of [operation"),
        (cells(nodes=[[['a']]]), "'cells.cell.nodes[0]' is [['a']], expected a list of [operation"),
        (cells(nodes=[[['a', 0, 1]]]), "'cells.cell.nodes[0]' is [['a', 0, 1]], expected"),
        (cells(nodes=[['a', 0]]), "'cells.cell.nodes[0]' is ['a', 0], expected"),
        (cells(nodes=[[[0, 'a']]]), "'cells.cell.nodes[0]' is [[0, 'a']], expected"),
        (cells(nodes=[[['a', -1]]]), "'cells.cell.nodes[0]' is [['a', -1]], expected"),
        (cells(nodes=[[['a', 0.0]]]), "'cells.cell.nodes[0]' is [['a', 0.0]], expected"),
        (cells(nodes=[[['a', True]]]), "'cells.cell.nodes[0]' is [['a', True]], expected"),
        (cells(nodes=[[['a', 1000]]]), "'cells.cell.nodes[0]' is [['a', 1000]], expected"),
        (cells(output=None), "'cells.cell.output' is missing, expected a list of node numbers"),
        (cells(output=3), "'cells.cell.output' is 3, expected a list of node numbers"),
        (cells(output=['x']), "'cells.cell.output' is ['x'], expected a list of node numbers"),
        (cells(output=[-1]), "'cells.cell.output' is [-1], expected a list of node numbers"),
    ],
)
def test_wrong_values_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(GenotypeError, match=f'^{re.escape(message)}'):
        Genotype.from_dict(PLAIN | change)


@pytest.mark.parametrize('data', [None, 5, 'text', [PLAIN]])
def test_a_genotype_is_a_dict(data: Any) -> None:
    with pytest.raises(GenotypeError, match=r"'genotype' is .*, expected a dict with the keys"):
        Genotype.from_dict(data)


def test_messages_stay_short() -> None:
    with pytest.raises(GenotypeError) as caught:
        Genotype.from_dict(PLAIN | cells(nodes='x' * 10**6))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ('provenance', 'origin'),
    [
        ({}, 'no source given'),
        ({'source': 'a paper', 'criterion': 'Magnitude'}, 'a paper'),
        ({'source': 'random', 'seed': 0}, 'random'),
        ({'seed': 0}, 'seed 0'),
        (
            {'criterion': 'X', 'epoch': 1, 'seed': 0, 'config': 'a.py', 'versions': {}},
            'chosen by X after epoch 1 of a.py, seed 0',
        ),
        ({'criterion': 'X', 'config': ''}, 'chosen by X'),
    ],
)
def test_the_origin_is_what_the_provenance_tells(provenance: dict[str, Any], origin: str) -> None:
    assert Genotype({'type': 'S'}, {}, provenance).origin == origin
