"""The files of a work dir, read back; what is answered where they are damaged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.evaluation import load_table
from ostrdet.records.search_log import common_criteria, read_log, read_logs
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype, save_genotype

NB201 = build_space({'type': 'NASBench201Space'})
SKIP = '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|'
CONV = SKIP.replace('skip_connect', 'nor_conv_3x3')
WriteSearch = Callable[..., Path]


def line(epoch: int, **cells: str | None) -> dict[str, Any]:
    accuracies = {name: text and {'cifar10': 90.0 + epoch} for name, text in cells.items()}
    scores = {name: text and {'cell': [[0.0] * 5] * 6} for name, text in cells.items()}
    return {'epoch': epoch, 'genotypes': cells, 'scores': scores, 'benchmark': accuracies}


LINES = [line(1, A=None, B=SKIP), line(2, A=CONV, B=SKIP), line(3, A=SKIP, B=CONV)]


@pytest.fixture
def write_search(tmp_path: Path) -> WriteSearch:
    def write(
        lines: list[Any] = LINES, name: str = 'search', space: Any = NB201, text: str = SKIP
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        (folder / 'trajectory.jsonl').write_text('\n'.join(texts) + '\n', encoding='utf-8')
        cells = space.parse(text).cells
        origin = {'criterion': 'A', 'seed': 7}
        save_genotype(Genotype(space.to_config(), cells, origin), folder / 'genotype.json')
        return folder

    return write


def test_a_search_is_read_back(write_search: WriteSearch) -> None:
    log = read_log(write_search())
    assert (log.name, log.seed, log.criterion, log.space) == ('search', 7, 'A', NB201)
    assert log.criteria == ('A', 'B')
    assert [one['epoch'] for one in log.lines] == [1, 2, 3]
    assert (log.line()['epoch'], log.line(2)['epoch']) == (3, 2)
    assert log.genotype('A') == NB201.parse(SKIP)
    assert log.genotype('A', 2) == NB201.parse(CONV)


def test_accuracies_come_from_the_search_or_from_a_table(
    write_search: WriteSearch, tmp_path: Path
) -> None:
    log = read_log(write_search())
    path = tmp_path / 'table.csv'
    path.write_text(f'arch,cifar10,cifar100,imagenet16_120\n{SKIP},1,2,3\n', encoding='utf-8')
    table = load_table(path)
    assert [log.accuracy(one, 'A', 'cifar10', None) for one in log.lines] == [None, 92, 93]
    assert log.accuracy(log.line(), 'A', 'cifar100', None) is None
    assert log.accuracy(log.line(), 'A', 'cifar100', table) == 2
    assert log.accuracy(log.line(1), 'A', 'cifar100', table) is None


def test_a_search_without_a_table_has_no_accuracy(write_search: WriteSearch) -> None:
    log = read_log(write_search([{**LINES[1], 'benchmark': None}]))
    assert log.accuracy(log.line(), 'A', 'cifar10', None) is None


def test_a_line_that_a_crash_cut_off_is_left_out(write_search: WriteSearch) -> None:
    log = read_log(write_search([*LINES, '{"epoch": 4, "geno']))
    assert log.line()['epoch'] == 3


@pytest.mark.parametrize('bad', ['{"epoch": 2', '[1]', '{"epoch": 2, "genotypes": {}}'])
def test_a_damaged_line_is_named(write_search: WriteSearch, bad: str) -> None:
    folder = write_search([LINES[0], bad, LINES[2]])
    with pytest.raises(ValueError, match=r'trajectory\.jsonl, line 2: not the line of an epoch'):
        read_log(folder)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"trajectory\.jsonl' does not exist: .*no work dir"
    ):
        read_log(tmp_path)


def test_a_search_that_has_chosen_nothing_is_refused(write_search: WriteSearch) -> None:
    folder = write_search()
    (folder / 'genotype.json').unlink()
    with pytest.raises(FileNotFoundError, match='has chosen no cell yet'):
        read_log(folder)


def test_what_a_search_does_not_hold_is_named(write_search: WriteSearch) -> None:
    log = read_log(write_search())
    with pytest.raises(ValueError, match='has the epochs 1 to 3, not 9; give another --epoch'):
        log.line(9)
    with pytest.raises(KeyError, match=r"has no criterion 'AA'.*Known: A, B"):
        log.genotype('AA')
    with pytest.raises(ValueError, match='A chose no cell in epoch 1, in which alpha was frozen'):
        log.genotype('A', 1)


def test_searches_of_two_spaces_are_not_compared(write_search: WriteSearch) -> None:
    other = build_space({'type': 'NASBench201Space', 'ops': ['none', 'skip_connect']})
    folders = [write_search(), write_search(name='other', space=other)]
    with pytest.raises(ValueError, match=r"other' {'type': .*give searches of one space"):
        read_logs(folders)
    assert len(read_logs(folders[:1] * 2)) == 2


def test_only_criteria_of_all_searches_are_compared(write_search: WriteSearch) -> None:
    folders = [write_search(), write_search([line(1, B=SKIP, C=SKIP)], name='other')]
    assert common_criteria(read_logs(folders)) == ['B']
    lonely = write_search([line(1, C=SKIP)], name='lonely')
    with pytest.raises(ValueError, match=r"no criterion .* \(.*search': A, B; .*lonely': C\)"):
        common_criteria(read_logs([folders[0], lonely]))
