"""The text of NAS-Bench-201: read strictly, written in one order."""

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.structures import CellGenotype, CellSpec
from ostrdet.structures.nb201_text import format_cells, matches, parse_cells

SPECS = {'cell': CellSpec(num_inputs=1, num_nodes=2, output=(2,))}
TEXT = '|nor_conv_3x3~0|+|none~0|skip_connect~1|'
CELLS = {'cell': CellGenotype((((('nor_conv_3x3', 0)),), (('none', 0), ('skip_connect', 1))), (2,))}


def test_text_is_parsed_and_written() -> None:
    assert parse_cells(f' {TEXT}\n', SPECS) == CELLS
    assert format_cells(CELLS) == TEXT


def test_edges_are_sorted_by_source() -> None:
    turned = '|nor_conv_3x3~0|+|skip_connect~1|none~0|'
    assert parse_cells(turned, SPECS) == CELLS
    nodes = ((('nor_conv_3x3', 0),), (('skip_connect', 1), ('none', 0)))
    assert format_cells({'cell': CellGenotype(nodes, (2,))}) == TEXT


@pytest.mark.parametrize(
    ('malformed', 'culprit'),
    [
        ('', "''"),
        ('none', "'none'"),
        ('|', "'|'"),
        ('||', "'||'"),
        ('|none~0', "'|none~0'"),
        ('|none~0|+', "''"),
        ('|none~0|+|none~0|none|', "'|none~0|none|'"),
        ('|none~0|+|none~0|none~x|', "'|none~0|none~x|'"),
        ('|none~0|+|none~0|none~-1|', "'|none~0|none~-1|'"),
        ('|none~0|+||none~0||', "'||none~0||'"),
        ('|none~0|+|none~0|os.system~1|', "'|none~0|os.system~1|'"),
        ('|none~\N{ARABIC-INDIC DIGIT ZERO}|', "'|none~\N{ARABIC-INDIC DIGIT ZERO}|'"),
        (f'|none~{"9" * 5000}|', "'|none~999"),
    ],
)
def test_the_malformed_node_is_named(malformed: str, culprit: str) -> None:
    with pytest.raises(GenotypeError, match=r'^malformed genotype text at ') as caught:
        parse_cells(malformed, SPECS)
    message = str(caught.value)
    assert message.startswith(f'malformed genotype text at {culprit}')
    assert "expected '|op~0|+|op~0|op~1|+|op~0|op~1|op~2|'" in message
    assert len(message) < 400


def test_the_form_holds_one_cell_type() -> None:
    both = {'normal': CELLS['cell'], 'reduce': CELLS['cell']}
    with pytest.raises(GenotypeError, match=r"'nb201' holds one cell type.*\['normal', 'reduce'\]"):
        format_cells(both)
    with pytest.raises(GenotypeError, match=r"'nb201' holds one cell type.*\['normal', 'reduce'\]"):
        parse_cells(TEXT, {'normal': SPECS['cell'], 'reduce': SPECS['cell']})


@pytest.mark.parametrize(
    ('candidate', 'expected'),
    [(TEXT, True), (f' {TEXT}', True), ('Genotype()', False), ('', False)],
)
def test_matches_tells_the_form_by_its_look(candidate: str, expected: bool) -> None:
    assert matches(candidate) is expected
