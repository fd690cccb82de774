"""The report page: what it says, that it stands alone, and its size."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.records.history import SearchHistory
from ostrdet.records.run_facts import RunFacts
from ostrdet.registry import SPACES
from ostrdet.spaces import build_space
from ostrdet.visualization.report.report import render_report, report_of
from ostrdet.visualization.report.text import cell_counts, comparison

SPACES.import_from_location()
MEBIBYTE = 2**20
SKIPS = '|skip_connect~0|+|skip_connect~0|none~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|'
CONVS = '|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|nor_conv_3x3~0|skip_connect~1|nor_conv_3x3~2|'


MakeHistory = Callable[..., SearchHistory]


@pytest.fixture(scope='module')
def history(lines_in: Any) -> MakeHistory:
    """Makes an epoch of a search that chose these cells."""

    def make(
        texts: dict[str, str],
        criterion: str = 'OperationStrength',
        space_type: str = 'NASBench201Space',
    ) -> SearchHistory:
        space = build_space({'type': space_type})
        (line,) = lines_in(space, 1)
        line['genotypes'] |= texts
        return SearchHistory(RunFacts(space.to_config(), criterion), [line])

    return make


@pytest.fixture(scope='module')
def page(make_work_dir: Any) -> str:
    return report_of(
        make_work_dir(
            'NASBench201Space',
            config_text='a = "<script>alert(1)</script>"',
            seed=7,
            table='table.csv',
            max_epochs=9,
            versions={'torch': '2.14'},
            machine={'device': 'cpu, x86_64'},
            next_command='python tools/train.py a.py --genotype genotype.json',
            resume_command='python tools/search.py a.py --resume',
        )
    )


@pytest.mark.parametrize('space', sorted(SPACES.module_dict))
def test_every_space_has_a_report(space: str, make_work_dir: Any) -> None:
    page = report_of(make_work_dir(space, 2))
    cells = build_space({'type': space}).cells
    edges = sum(len(spec.edges) for spec in cells.values())
    assert (
        page.count('class="panel"') == 5 * edges
    )  # weights, which are the magnitude, and 4 criteria
    assert page.count(' chooses</strong>') == page.count(' would choose</strong>') == len(cells)


def test_fifty_epochs_of_the_largest_space_are_two_mebibytes(make_work_dir: Any) -> None:
    assert len(report_of(make_work_dir('DARTSSpace', 50)).encode()) <= 2 * MEBIBYTE


def test_the_page_refers_to_nothing_outside(page: str) -> None:
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(('#', 'data:')) for link in links)
    addresses = set(re.findall(r'https?://[^"\s]+', page))
    assert addresses <= {'http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink'}
    assert '<script' not in page
    assert 'url(' not in page
    assert "default-src 'none'" in page


def test_ids_are_unique_and_every_reference_has_one(page: str) -> None:
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert set(ids.values()) == {1}
    assert set(re.findall(r'href="#([^"]+)"', page)) == set(ids)


def test_what_a_config_holds_is_text(page: str) -> None:
    assert 'a = &#34;&lt;script&gt;alert(1)&lt;/script&gt;&#34;' in page


@pytest.mark.parametrize(
    'text',
    [
        'search.py',
        '3 of 9',
        '<td>7</td>',
        'torch 2.14',
        'cpu, x86_64',
        'table.csv',
        '<pre>python tools/train.py a.py --genotype genotype.json</pre>',
        '<pre>python tools/search.py a.py --resume</pre>',
        'Table accuracy on cifar10',
        'Table accuracy on cifar100',
        'Stability of the choice',
        'Has the choice settled? <strong>Never: ',
        'Without parameters: ',
        'Rectangles are the cell',
        'Operations without parameters in the cell',
        'Margins of OperationStrength in the cell',
        'Margins of Magnitude in the cell',
        'Losses of the supernet',
        'Accuracy of the supernet',
        'Weights of the operations in the cell',
        'Scores of PruningSaliency in the cell',
        'test accuracy, %',
        'cross-entropy, nats',
        'epochs since the last change',
        'margin, % of the best score',
    ],
)
def test_the_page_says(page: str, text: str) -> None:
    assert text in page


def test_a_finished_search_is_not_gone_on_with(make_work_dir: Any) -> None:
    page = report_of(make_work_dir('NASBench201Space', 2, resume_command='python resume'))
    assert 'python resume' not in page


def test_every_figure_has_a_title_and_a_caption(page: str) -> None:
    figures = re.findall(r'<figure>(.*?)</figure>', page, re.DOTALL)
    assert len(figures) >= 9
    for figure in figures:
        assert re.search(r'<figcaption><strong>[^<]+</strong><span>[^<]{20,}</span>', figure)
        assert figure.count('<svg') == 1


def test_the_page_depends_on_the_files_alone(make_work_dir: Any, tmp_path: Path) -> None:
    folder = make_work_dir('NASBench201Space')
    copied = shutil.copytree(folder, tmp_path / 'copy')
    assert report_of(copied) == report_of(folder)


def test_a_search_that_has_not_chosen_yet_has_a_report(history: MakeHistory) -> None:
    found = history({})
    line = dict(found.lines[0])
    line['scores'] = dict.fromkeys(line['scores'])
    line['genotypes'] = dict.fromkeys(line['genotypes'])
    line['benchmark'] = line['val_accuracy'] = None
    page = render_report(SearchHistory(found.facts, [line]))
    assert 'no choice yet' in page
    assert 'Weights of the operations' in page
    assert 'Scores of' not in page


def test_cells_count_as_often_as_networks_have_them() -> None:
    assert cell_counts(build_space({'type': 'DARTSSpace'})) == {'normal': 18, 'reduce': 2}
    assert cell_counts(build_space({'type': 'NASBench201Space'})) == {'cell': 15}


def test_the_two_choices_are_compared_in_words(history: MakeHistory) -> None:
    same = comparison(history({'OperationStrength': CONVS, 'Magnitude': CONVS}))
    assert same == 'OperationStrength and Magnitude choose the same cell.'
    found = comparison(history({'OperationStrength': CONVS, 'Magnitude': SKIPS}))
    assert found.startswith('OperationStrength and Magnitude differ in 4 of 6 edges.')
    assert found.endswith('reach 91.00 % and 91.00 % on cifar10, by the table.')
