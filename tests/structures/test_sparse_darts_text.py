"""The text form of FairDARTS: there and back, what it leaves out, and what it refuses."""

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.structures import CellGenotype, CellSpec, sparse_darts_text
from ostrdet.structures.text_formats import TEXT_FORMATS, find_texts

SPECS = {'normal': CellSpec(num_inputs=2, num_nodes=4, output=(2, 3, 4, 5))}
TEXT = (
    "Genotype(normal=[('a', 2, 0), ('b', 2, 1), ('c', 4, 0), ('d', 5, 4)], normal_concat=[2, 4, 5])"
)
CELL = CellGenotype(((('a', 0), ('b', 1)), (), (('c', 0),), (('d', 4),)), (2, 4, 5))


def parse(text: str) -> CellGenotype:
    return sparse_darts_text.parse_cells(text, SPECS)['normal']


def test_a_cell_is_read_and_written() -> None:
    assert parse(TEXT) == CELL
    assert sparse_darts_text.format_cells({'normal': CELL}) == TEXT


def test_the_edges_of_a_node_may_stand_anywhere() -> None:
    text = TEXT.replace(
        "('a', 2, 0), ('b', 2, 1), ('c', 4, 0)", "('a', 2, 0), ('c', 4, 0), ('b', 2, 1)"
    )
    assert parse(text) == CELL


def test_numbers_of_numpy_are_read() -> None:
    text = TEXT.replace('2, 1)', 'np.int64(2), np.int64(1))')
    assert sparse_darts_text.matches(text)
    assert parse(text) == CELL


def test_what_reads_a_node_without_inputs_is_left_out_and_so_on() -> None:
    """Node 3 has no inputs, so 4 loses its only one, and 5 that of both."""
    edges = "('a', 2, 0), ('b', 4, 3), ('c', 5, 4), ('d', 5, 3), ('e', 5, 2)"
    cell = parse(f'Genotype(normal=[{edges}], normal_concat=range(2, 6))')
    assert cell == CellGenotype(((('a', 0),), (), (), (('e', 2),)), (2, 5))


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        (
            "('a', 2, 0)",
            "('a', 0)",
            r'must be a list of \(operation, target, source node\) triples',
        ),
        ("('a', 2, 0)", "('a', -2, 0)", 'triples'),
        ("('a', 2, 0)", "('a', 6, 0)", r'ends in node 6, expected one of 2\.\.5'),
        ("('a', 2, 0)", "('a', 1, 0)", r'ends in node 1, expected one of 2\.\.5'),
        ('normal_concat', 'reduce_concat', "keys .'normal', 'reduce_concat'., this space needs"),
        ('[2, 4, 5]', '"all"', "'normal_concat' must be a list or a range of nodes"),
    ],
)
def test_a_malformed_text_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        parse(TEXT.replace(old, new))


def test_a_cell_with_one_input_has_no_such_form() -> None:
    with pytest.raises(GenotypeError, match="cells with 2 inputs, 'normal' has 1"):
        sparse_darts_text.parse_cells(TEXT, {'normal': CellSpec(1, 5, (2,))})


def test_the_two_forms_of_darts_are_told_apart() -> None:
    pairs = "Genotype(normal=[('a', 0), ('b', 1)], normal_concat=[2, 3])"
    for text, name in ((TEXT, 'sparse-darts'), (pairs, 'darts')):
        assert [form for form in TEXT_FORMATS if TEXT_FORMATS[form].matches(text)] == [name]
    assert list(find_texts(f'{TEXT}\n{pairs}')) == [TEXT, pairs]
