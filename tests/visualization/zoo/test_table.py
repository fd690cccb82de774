"""The page of the zoo."""

from itertools import pairwise
from pathlib import Path

import pytest

from ostrdet.visualization.zoo.pages import read_zoo
from ostrdet.visualization.zoo.table import render_table

ZOO = read_zoo(Path(__file__).resolve().parents[3])
LINES = render_table(ZOO).splitlines()


def rows(name: str) -> list[list[str]]:
    """The rows of a genotype in all tables, without its name."""
    found = [line for line in LINES if line.startswith(f'| `{name}` |')]
    return [[cell.strip() for cell in line.split('|')[2:-1]] for line in found]


def test_every_genotype_has_a_row_of_accuracies_and_one_of_counts() -> None:
    for name, genotype in ZOO.items():
        accuracies, counts, *_ = rows(name)
        layouts = genotype.provenance['complexity']
        assert len(accuracies) == 3 + len(layouts)
        assert len(counts) == 3 * len(layouts)


def test_a_row_holds_what_was_published_and_what_was_counted() -> None:
    accuracies, counts, *_ = rows('darts_v2')
    assert accuracies == [
        *('DARTS, second order', 'DARTS_V2 of quark0/darts'),
        *('[DARTS](https://arxiv.org/abs/1806.09055)', '97.24 +- .09', '-', '73.3 / 91.3'),
    ]
    assert counts[:3] == ['3.349', '528.36', '546.88']
    assert counts[6:] == ['4.719', '529.91', '543.99']


@pytest.mark.parametrize(
    ('name', 'row'),
    [
        ('p-darts', ['ImageNet-1k', 'multiply-adds', '557 M', '557.119 M', 'with BatchNorm, ReLU']),
        (
            'darts_v2',
            [
                *('ImageNet-1k', 'multiply-adds', '574 M'),
                '529.912 M convolutions, linear layers; 543.986 M with BatchNorm, ReLU',
                '**not reproduced**',
            ],
        ),
    ],
)
def test_a_published_size_is_compared_with_the_counts(name: str, row: list[str]) -> None:
    assert row in rows(name)


def test_every_note_is_a_remark() -> None:
    text = ' '.join(' '.join(LINES).split())
    for name, genotype in ZOO.items():
        if note := genotype.provenance.get('note'):
            assert f'* `{name}`: {note}' in text


def test_every_table_is_as_wide_as_its_head() -> None:
    for above, line in pairwise(LINES):
        if above.startswith('|') and line.startswith('|'):
            assert above.count('|') == line.count('|')


def test_the_page_says_what_a_multiply_add_is_and_how_it_was_made() -> None:
    text = '\n'.join(LINES)
    assert 'A multiply-add counts as one.' in text
    assert 'python tools/genotype.py zoo --write' in text
