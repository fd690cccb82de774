"""The files of a work dir: what they hold, and how a resumed run takes them up."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError
from ostrdet.records.epoch_record import EpochRecord, state_rows
from ostrdet.records.history import read_history
from ostrdet.records.search_log import read_log
from ostrdet.records.trajectory import Trajectory, read_lines
from ostrdet.spaces import NASBench201Space
from ostrdet.structures import ArchState, Genotype, load_genotype

SPACE = NASBench201Space()


def genotype(op: str) -> Genotype:
    return SPACE.parse(f'|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|')


def record(epoch: int, **changes: Any) -> EpochRecord:
    fields: dict[str, Any] = {
        'epoch': epoch,
        'alphas': {'cell': [[0.5, -0.5]]},
        'op_weights': {'cell': [[0.7, 0.3]]},
        'edge_weights': {'cell': None},
        'scores': {'Magnitude': None},
        'genotypes': {'Magnitude': None},
        'benchmark': None,
        'skipped': {'Magnitude': 0},
        'val_accuracy': None,
        'stable_epochs': 0,
        'seconds': 0.5,
        'losses': {'loss': 2.0},
    }
    return EpochRecord(**{**fields, **changes})


def epochs(folder: Path) -> list[int]:
    text = (folder / 'trajectory.jsonl').read_text(encoding='utf-8')
    assert text == '' or text.endswith('\n')
    return [json.loads(line)['epoch'] for line in text.splitlines()]


@pytest.fixture
def three_epochs(tmp_path: Path) -> Path:
    """A work dir after three epochs, in the first of which nothing was chosen yet."""
    trajectory = Trajectory(tmp_path)
    trajectory.append(record(1), None)
    trajectory.append(record(2), genotype('none'))
    trajectory.append(record(3), genotype('skip_connect'))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / 'genotypes').glob('*'))


def test_a_line_per_epoch_and_a_file_per_genotype(three_epochs: Path) -> None:
    assert epochs(three_epochs) == [1, 2, 3]
    assert names(three_epochs) == ['epoch_002.json', 'epoch_003.json']
    assert load_genotype(three_epochs / 'genotypes' / 'epoch_002.json') == genotype('none')
    assert load_genotype(three_epochs / 'genotype.json') == genotype('skip_connect')


@pytest.mark.parametrize(('epoch', 'kept'), [(2, ['epoch_002.json']), (1, [])])
def test_rewinding_drops_what_came_later(three_epochs: Path, epoch: int, kept: list[str]) -> None:
    Trajectory(three_epochs).rewind(epoch, genotype('none') if epoch == 2 else None)
    assert epochs(three_epochs) == list(range(1, epoch + 1))
    assert names(three_epochs) == kept
    assert (three_epochs / 'genotype.json').exists() == (epoch == 2)
    if epoch == 2:
        assert load_genotype(three_epochs / 'genotype.json') == genotype('none')


def test_starting_from_nothing_sets_an_earlier_search_aside(three_epochs: Path) -> None:
    (three_epochs / 'front.csv').write_text('unit\n', 'utf-8')
    files = ('trajectory.jsonl', 'genotype.json', 'front.csv')
    before = {name: (three_epochs / name).read_bytes() for name in files}
    Trajectory(three_epochs).rewind(0, None)
    assert names(three_epochs) == []
    for name, content in before.items():
        assert not (three_epochs / name).exists()
        assert (three_epochs / f'{name}.old').read_bytes() == content


TORN = [
    b'{"epoch": 3, "alph',
    b'{"epoch": 3',
    b'[]\n',
    b'{}\n',
    b'x',
    b'{"epoch": 3, "\xc3',
    b'\xff\n',
    b'\0' * 8,
    b'[' * 100_000,
]


@pytest.mark.parametrize('rest', TORN, ids=range(len(TORN)))
def test_a_line_that_a_crash_cut_off_is_dropped(three_epochs: Path, rest: bytes) -> None:
    path = three_epochs / 'trajectory.jsonl'
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b''.join(lines[:2]) + rest)
    assert [line['epoch'] for line in read_lines(path)] == [1, 2]
    Trajectory(three_epochs).rewind(3, None)
    assert epochs(three_epochs) == [1, 2]


def test_a_line_without_its_end_is_mended(three_epochs: Path) -> None:
    path = three_epochs / 'trajectory.jsonl'
    path.write_text(path.read_text(encoding='utf-8').rstrip('\n'), encoding='utf-8')
    trajectory = Trajectory(three_epochs)
    trajectory.rewind(3, None)
    trajectory.append(record(4), None)
    assert epochs(three_epochs) == [1, 2, 3, 4]


def test_rewinding_a_new_work_dir_makes_nothing(tmp_path: Path) -> None:
    Trajectory(tmp_path / 'new').rewind(0, None)
    assert not (tmp_path / 'new').exists()


def test_a_resumed_run_in_another_folder_starts_with_its_genotype(tmp_path: Path) -> None:
    Trajectory(tmp_path / 'new').rewind(5, genotype('none'))
    assert load_genotype(tmp_path / 'new' / 'genotype.json') == genotype('none')


def test_tensors_become_nested_lists() -> None:
    alphas = {'cell': torch.tensor([[0.5, 1.0]])}
    state = ArchState(alphas, {'cell': alphas['cell'] / 2}, {'cell': None, 'x': torch.ones(1)})
    assert state_rows(state) == {
        'alphas': {'cell': [[0.5, 1.0]]},
        'op_weights': {'cell': [[0.25, 0.5]]},
        'edge_weights': {'cell': None, 'x': [1.0]},
    }


DAMAGES = [
    b'{"epoch": 2',
    b'[1]',
    b'{"epoch": 2, "genotypes": {}}',
    b'{"epoch": 2, "\xff\xfe',
    b'\0' * 8,
    b'{"epoch": ' + b'[' * 100_000,
]


@pytest.mark.parametrize('bad', DAMAGES, ids=range(len(DAMAGES)))
@pytest.mark.parametrize('read', ['rewind', 'history', 'log'])
def test_every_reader_names_a_damaged_line(three_epochs: Path, read: str, bad: bytes) -> None:
    path = three_epochs / 'trajectory.jsonl'
    lines = path.read_bytes().splitlines()
    content = b'\n'.join([lines[0], bad, lines[2]]) + b'\n'
    path.write_bytes(content)
    readers = {
        'rewind': lambda: Trajectory(three_epochs).rewind(3, None),
        'history': lambda: read_history(three_epochs),
        'log': lambda: read_log(three_epochs),
    }
    with pytest.raises(
        InvalidValueError, match=r'trajectory\.jsonl, line 2: not the line of an epoch'
    ):
        readers[read]()
    assert path.read_bytes() == content


WRONG = {
    "epoch='x', expected an integer": {'epoch': 'x'},
    'epoch=True, expected an integer': {'epoch': True},
    'epoch=2.0, expected an integer': {'epoch': 2.0},
    'genotypes=[], expected a mapping': {'genotypes': []},
    'genotypes.A=1, expected a text': {'genotypes': {'A': 1}},
    'scores=None, expected a mapping': {'scores': None},
    'scores.A=[], expected a mapping': {'scores': {'A': []}},
    'scores.A.cell=1.5, expected a list': {'scores': {'A': {'cell': 1.5}}},
    "scores.A.cell[0][1]='x', expected a number": {'scores': {'A': {'cell': [[1, 'x']]}}},
    'alphas.cell[1]=0, expected a list': {'alphas': {'cell': [[1.0], 0]}},
    'alphas.cell has rows of several lengths': {'alphas': {'cell': [[1.0], [1.0, 2.0]]}},
    'op_weights.cell=None, expected a list': {'op_weights': {'cell': None}},
    'edge_weights.cell[0]=None, expected a number': {'edge_weights': {'cell': [None]}},
    "benchmark.A.c='x', expected a number": {'benchmark': {'A': {'c': 'x'}}},
    "skipped.A='x', expected an integer": {'skipped': {'A': 'x'}},
    "val_accuracy='x', expected a number": {'val_accuracy': 'x'},
    'stable_epochs=None, expected an integer': {'stable_epochs': None},
    'seconds=None, expected a number': {'seconds': None},
    'losses=None, expected a mapping': {'losses': None},
    'losses.loss=[[[[[[[...]]]]]]], expected a number': {'losses': {'loss': [[[[[[[[[]]]]]]]]]}},
    "progress.tau='x', expected a number": {'progress': {'tau': 'x'}},
}


@pytest.mark.parametrize('place', [0, 1, 2])
@pytest.mark.parametrize('message', WRONG)
def test_a_field_of_another_type_is_named(three_epochs: Path, message: str, place: int) -> None:
    path = three_epochs / 'trajectory.jsonl'
    lines = path.read_text(encoding='utf-8').splitlines()
    lines[place] = json.dumps({**json.loads(lines[place]), **WRONG[message]})
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    expected = f'{path}, line {place + 1}: not the line of an epoch ({message}); restore the file'
    with pytest.raises(InvalidValueError, match=re.escape(expected)):
        read_lines(path)


def test_every_field_has_a_wrong_value_above() -> None:
    assert {name for change in WRONG.values() for name in change} == {
        item.name for item in fields(EpochRecord)
    }


def test_numbers_that_are_not_finite_are_read(three_epochs: Path) -> None:
    path = three_epochs / 'trajectory.jsonl'
    scores = {'A': {'cell': [[float('nan'), float('inf'), 1]]}}
    path.write_text(json.dumps({'epoch': 1, 'genotypes': {}, 'scores': scores}), encoding='utf-8')
    (found,) = read_lines(path)
    assert repr(found['scores']) == repr(scores)


def test_lines_of_earlier_releases_have_defaults(three_epochs: Path) -> None:
    path = three_epochs / 'trajectory.jsonl'
    line = json.loads(path.read_text(encoding='utf-8').splitlines()[0])
    for key in ('losses', 'progress', 'benchmark'):
        del line[key]
    path.write_text(json.dumps({**line, 'later': 1}) + '\n', encoding='utf-8')
    (found,) = read_lines(path)
    assert (found['losses'], found['progress'], found['benchmark']) == ({}, {}, None)
    assert found['later'] == 1
