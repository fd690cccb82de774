"""The picture of a search: both cells, and what each is worth."""

import re
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands.draw_genotype import main
from ostrdet.errors import InvalidValueError
from ostrdet.records.history import SearchHistory, read_history
from ostrdet.visualization.report.two_cells import draw_two_cells


def texts(file: Path) -> list[str]:
    return re.findall(r'<text[^>]*>([^<]+)</text>', file.read_text(encoding='utf-8'))


@pytest.mark.parametrize(('space', 'cells'), [('NASBench201Space', 1), ('DARTSSpace', 2)])
def test_both_cells_are_drawn_with_their_accuracies(
    space: str, cells: int, make_work_dir: Any, tmp_path: Path
) -> None:
    folder, file = make_work_dir(space, 2), tmp_path / 'cells.svg'
    assert main([str(folder), '--out', str(file), '--title', 'A search']) == 0
    found, history = ' '.join(texts(file)), read_history(folder)
    assert found.count('cell of OperationStrength') == found.count('cell of Magnitude') == cells
    assert found.count('cifar10: 91.00 %') == found.count('cifar100: 70.00 %') == 2 * cells
    assert found.count('A search') == 1
    assert found.count('normal cell') == (2 if cells == 2 else 0)
    for criterion in ('OperationStrength', 'Magnitude'):
        genotype = history.genotypes[criterion][-1]
        assert genotype is not None
        for cell in genotype.cells.values():
            for op, _ in (edge for node in cell.nodes for edge in node):
                assert op in found


def test_a_search_without_a_table_has_no_accuracies(make_work_dir: Any, tmp_path: Path) -> None:
    history = read_history(make_work_dir('NASBench201Space', 1))
    line = {**history.lines[0], 'benchmark': None}
    draw_two_cells(SearchHistory(history.facts, [line]), tmp_path / 'cells.svg')
    assert 'cifar10' not in (tmp_path / 'cells.svg').read_text(encoding='utf-8')


def test_a_search_without_a_choice_is_refused(make_work_dir: Any, tmp_path: Path) -> None:
    history = read_history(make_work_dir('NASBench201Space', 1))
    line = {**history.lines[0], 'genotypes': dict.fromkeys(history.lines[0]['genotypes'])}
    with pytest.raises(InvalidValueError, match='no cell yet'):
        draw_two_cells(SearchHistory(history.facts, [line]), tmp_path / 'cells.svg')


@pytest.mark.parametrize('options', [['--out', 'a.dot'], ['--out', 'a.svg', '--before', 'x']])
def test_a_work_dir_takes_no_dot_and_no_before(
    options: list[str], make_work_dir: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(make_work_dir('NASBench201Space', 1)), *options]) == 2
    assert 'takes neither --before nor .dot' in capsys.readouterr().err
