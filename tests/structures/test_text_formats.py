"""The text forms by name."""

import pytest

from ostrdet.structures import CellGenotype, CellSpec
from ostrdet.structures.text_formats import TEXT_FORMATS, find_texts


def test_the_forms_are_listed_by_their_names() -> None:
    assert {name: form.NAME for name, form in TEXT_FORMATS.items()} == {
        'darts': 'darts',
        'sparse-darts': 'sparse-darts',
        'nb201': 'nb201',
    }


@pytest.mark.parametrize('name', TEXT_FORMATS)
def test_a_form_reads_and_knows_what_it_writes(name: str) -> None:
    num_inputs = 2 if name == 'sparse-darts' else 1
    spec = CellSpec(num_inputs, num_nodes=2, output=(2,))
    first = (('a', 0), ('d', 1))[:num_inputs]
    second = (('b', 0), ('c', 1), ('e', 2))[: num_inputs + 1]
    cells = {'cell': CellGenotype((first, second), (2,))}
    text = TEXT_FORMATS[name].format_cells(cells)
    assert TEXT_FORMATS[name].parse_cells(text, {'cell': spec}) == cells
    assert [form.NAME for form in TEXT_FORMATS.values() if form.matches(text)] == [name]


def test_the_genotypes_of_a_text_have_their_lines() -> None:
    first, second = '|a~0|+|a~0|b~1|', 'Genotype(cell=[], cell_concat=[1])'
    text = f'one {first}\ntwo Structure(3 nodes with {first})\n\n{second} and |none~0'
    assert list(find_texts(text).items()) == [(first, 1), (second, 4)]
    assert find_texts('darts_v2, genotype.json, a|b~c|, |+|') == {}
