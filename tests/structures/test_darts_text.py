"""The namedtuple text of DARTS is parsed, and never evaluated."""

import re
from pathlib import Path

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.structures import CellGenotype, CellSpec
from ostrdet.structures.darts_text import find, format_cells, matches, parse_cells

SPEC = CellSpec(num_inputs=2, num_nodes=2, output=(2, 3), keep_edges=2)
SPECS = {'normal': SPEC, 'reduce': SPEC}
EDGES = "[('a', 0), ('b', 1), ('c', 2), ('a', 0)]"
CELL = CellGenotype(nodes=((('a', 0), ('b', 1)), (('c', 2), ('a', 0))), output=(2, 3))
CELLS = {'normal': CELL, 'reduce': CELL}


def text(normal: str = EDGES, concat: str = '[2, 3]') -> str:
    return (
        f'Genotype(normal={normal}, normal_concat={concat}, reduce={EDGES}, reduce_concat=[2, 3])'
    )


def test_text_is_parsed_and_written() -> None:
    assert parse_cells(text(), SPECS) == CELLS
    assert format_cells(CELLS) == text()


@pytest.mark.parametrize(
    'published',
    [
        f'  {text()}\n',
        f'OSTR = {text()}',
        text(concat='range(2, 4)'),
        text(concat='range( 2,4 )'),
        text(concat='(2, 3)'),
        text(concat='list(range(2, 4))'),
        text(concat='list( range(2, 4) )'),
        text(concat='[np.int64(2), numpy.int32(3)]'),
        text(normal="[('a', np.int64(0)), (np.str_('b'), 1), ('c', np.int64( 2 )), ('a', 0)]"),
        f'genotypes.{text()}',
        f'OSTR = genotypes.{text()}',
        text(normal="(['a', 0], ['b', 1], ['c', 2], ['a', 0])"),
        text(normal="[('a', 0), ('b', 1),  # a comment\n    ('c', 2), ('a', 0),]"),
        f'Genotype(reduce_concat=[2, 3], reduce={EDGES}, normal_concat=[2, 3], normal={EDGES})',
    ],
)
def test_all_published_styles_are_read(published: str) -> None:
    assert parse_cells(published, SPECS) == CELLS


def test_nodes_may_keep_different_numbers_of_edges() -> None:
    spec = CellSpec(num_inputs=1, num_nodes=3, output=(3,))
    nodes = ((('a', 0),), (('b', 0), ('c', 1)), (('d', 0), ('e', 1), ('f', 2)))
    cells = {'cell': CellGenotype(nodes, (3,))}
    assert parse_cells(format_cells(cells), {'cell': spec}) == cells


HOSTILE = [
    "__import__('pathlib').Path({marker}).touch()",
    '[__import__("pathlib").Path({marker}).touch()]',
    "[('a', open({marker}, 'w')), ('b', 1), ('c', 2), ('a', 0)]",
    "[('a', i) for i in [open({marker}, 'w')]]",
    "(lambda: open({marker}, 'w'))()",
    'f"{{__import__(\'pathlib\').Path({marker}).touch()}}"',
    "[*open({marker}, 'w')]",
    "{{'a': open({marker}, 'w')}}",
    "range(open({marker}, 'w').write('x'), 4)",
    "(x := open({marker}, 'w'))",
    "[('a', np.int64(open({marker}, 'w'))), ('b', 1), ('c', 2), ('a', 0)]",
    'np.load({marker})',
    "list(open({marker}, 'w'))",
]


@pytest.mark.parametrize('code', HOSTILE)
@pytest.mark.parametrize('key', ['normal', 'concat'])
def test_code_is_refused_and_not_run(code: str, key: str, tmp_path: Path) -> None:
    marker = tmp_path / 'marker'
    with pytest.raises(GenotypeError, match='must be a list'):
        parse_cells(text(**{key: code.format(marker=repr(str(marker)))}), SPECS)
    assert not marker.exists()


@pytest.mark.parametrize(
    'whole',
    [
        'open({marker}, "w")',
        'open({marker}, "w").Genotype(normal=[])',
        'genotypes().Genotype(normal=[])',
        'a.b.Genotype(normal=[])',
        '{genotype}; open({marker}, "w")',
        'import pathlib; pathlib.Path({marker}).touch()',
        'Genotype(open({marker}, "w"))',
        'Genotype(**open({marker}, "w"))',
        'class Genotype(open({marker}, "w")): pass',
    ],
)
def test_other_statements_are_refused_and_not_run(whole: str, tmp_path: Path) -> None:
    marker = tmp_path / 'marker'
    with pytest.raises(GenotypeError):
        parse_cells(whole.format(marker=repr(str(marker)), genotype=text()), SPECS)
    assert not marker.exists()


@pytest.mark.parametrize(
    'concat',
    [
        '5',
        'None',
        "'23'",
        "['2', '3']",
        '[2.0, 3.0]',
        '[2, True]',
        '[-2, 3]',
        '[1e999]',
        '{2, 3}',
        'range(2)',
        'range(2, 10**9)',
        'range(2, 100000)',
        'range(2, 1001)',
        'range(*[2, 4])',
        'range.__class__',
        '[2, 3][0]',
        '[9**9**9]',
        '[' + hex(16**5000) + ']',
    ],
)
def test_output_is_a_list_of_small_whole_numbers(concat: str) -> None:
    with pytest.raises(GenotypeError, match=r"^'normal_concat' must be a list or a range of nodes"):
        parse_cells(text(concat=concat), SPECS)


@pytest.mark.parametrize(
    'edges',
    [
        '5',
        "'abcd'",
        "[('a', 0)] * 4",
        "[('a', 0), ('b', 1), ('c', 2), 'a0']",
        "[('a', 0), ('b', 1), ('c', 2), ('a', 0, 1)]",
        "[('a', 0), ('b', 1), ('c', 2), (0, 'a')]",
        "[('a', 0), ('b', 1), ('c', 2), ('a', '0')]",
        "[('a', 0), ('b', 1), ('c', 2), ('a', -1)]",
        "[('a', 0), ('b', 1), ('c', 2), ('a', 0.5)]",
        "[('a', 0), ('b', 1), ('c', 2), ('a', 1e999)]",
        "[('a', 0), ('b', 1), ('c', 2), (b'a', 0)]",
        "{('a', 0): 1}",
    ],
)
def test_edges_are_pairs_of_name_and_node(edges: str) -> None:
    with pytest.raises(GenotypeError, match=r"^'normal' must be a list of \(operation, "):
        parse_cells(text(normal=edges), SPECS)


@pytest.mark.parametrize(
    'nested',
    ['[' * 10**5, '-' * 10**5 + '1', '1' + '+1' * 10**5, 'a' + '.a' * 10**5, '(' * 10**5],
    ids=['lists', 'signs', 'sums', 'attributes', 'parentheses'],
)
def test_deep_nesting_is_refused(nested: str) -> None:
    with pytest.raises(GenotypeError, match='malformed genotype text'):
        parse_cells(text(concat=nested), SPECS)


@pytest.mark.parametrize('junk', ['', ' ', '5', 'x = 5', '\0', '\ud800', 'Genotype(', '|none~0|'])
def test_other_texts_are_refused(junk: str) -> None:
    with pytest.raises(
        GenotypeError, match=r'^malformed genotype text.*expected Genotype\(normal='
    ):
        parse_cells(junk, SPECS)


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        (f'Genotype(normal={EDGES}, normal_concat=[2, 3])', "has the keys ['normal', 'normal_con"),
        (
            text().replace('reduce', 'other'),
            "this space needs ['normal', 'normal_concat', 'reduce'",
        ),
        (text()[:-1] + ', normal=[])', "has the keys ['normal', 'normal', 'normal_concat'"),
        (text(normal="[('a', 0)]"), "'normal' has 1 edges, the space expects 4 (2 nodes)"),
        (text(normal='[]'), "'normal' has 0 edges, the space expects 4 (2 nodes)"),
    ],
)
def test_what_does_not_fit_the_cells_is_named(changed: str, message: str) -> None:
    with pytest.raises(GenotypeError, match=re.escape(message)):
        parse_cells(changed, SPECS)


def test_messages_stay_short() -> None:
    with pytest.raises(GenotypeError) as caught:
        parse_cells(text(normal='"' + 'x' * 10**6 + '"'), SPECS)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ('candidate', 'expected'),
    [
        (text(), True),
        (f' OSTR = {text()}', True),
        ('|none~0|', False),
        ('darts_v2', False),
        ('genotype.json', False),
    ],
)
def test_matches_tells_the_form_by_its_look(candidate: str, expected: bool) -> None:
    assert matches(candidate) is expected


@pytest.mark.parametrize(
    ('around', 'number'),
    [
        ('{0}', 1),
        ('2019-01-01 12:00:00 genotype = {0}', 1),
        ('genotypes.{0},', 1),
        ('[{0}, {0}]', 2),
        ("it's {0} (that's all)", 1),
        ('Genotype = namedtuple("Genotype", "normal normal_concat")\nA = {0}', 1),
        ('class Genotype(NamedTuple):\n    normal: list\n\nA = {0}', 1),
        ('no genotype( here, nor Genotype (one) there', 0),
        ('Genotype(' * 1000 + '_concat', 0),
    ],
)
def test_genotypes_are_found_in_longer_texts(around: str, number: int) -> None:
    multiline = text(normal="[('a', 0),  # it's the (first\n ('b', 1), ('c', 2), ('a', 0)]")
    for genotype in (text(), multiline):
        whole = around.format(genotype)
        found = list(find(whole))
        assert len(found) == number
        for start, part in found:
            assert whole[start:].startswith(part)
            assert parse_cells(part, SPECS) == CELLS


def test_brackets_that_stay_open_are_not_followed_to_the_end() -> None:
    """Each of them would be followed through all others: hours, for a file of a megabyte."""
    whole = 'Genotype(' * 100_000 + ' ' + text()
    assert [found for _, found in find(whole)] == [text()]
