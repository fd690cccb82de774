"""The files of a work dir: what they hold, and how a resumed run takes them up."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError
from ostrdet.records.history import read_history
from ostrdet.records.search_log import read_log
from ostrdet.records.trajectory import EpochRecord, Trajectory, read_lines, state_rows
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
    before = {
        name: (three_epochs / name).read_bytes() for name in ('trajectory.jsonl', 'genotype.json')
    }
    Trajectory(three_epochs).rewind(0, None)
    assert names(three_epochs) == []
    for name, content in before.items():
        assert not (three_epochs / name).exists()
        assert (three_epochs / f'{name}.old').read_bytes() == content


@pytest.mark.parametrize('rest', ['{"epoch": 3, "alph', '{"epoch": 3}'[:-1], '[]\n', '{}\n', 'x'])
def test_a_line_that_a_crash_cut_off_is_dropped(three_epochs: Path, rest: str) -> None:
    path = three_epochs / 'trajectory.jsonl'
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    path.write_text(''.join(lines[:2]) + rest, encoding='utf-8')
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


@pytest.mark.parametrize('bad', ['{"epoch": 2', '[1]', '{"epoch": 2, "genotypes": {}}'])
@pytest.mark.parametrize('read', ['rewind', 'history', 'log'])
def test_every_reader_names_a_damaged_line(three_epochs: Path, read: str, bad: str) -> None:
    path = three_epochs / 'trajectory.jsonl'
    lines = path.read_text(encoding='utf-8').splitlines()
    content = '\n'.join([lines[0], bad, lines[2]]) + '\n'
    path.write_text(content, encoding='utf-8')
    readers = {
        'rewind': lambda: Trajectory(three_epochs).rewind(3, None),
        'history': lambda: read_history(three_epochs),
        'log': lambda: read_log(three_epochs),
    }
    with pytest.raises(
        InvalidValueError, match=r'trajectory\.jsonl, line 2: not the line of an epoch'
    ):
        readers[read]()
    assert path.read_text(encoding='utf-8') == content


def test_lines_of_earlier_releases_have_defaults(three_epochs: Path) -> None:
    path = three_epochs / 'trajectory.jsonl'
    line = json.loads(path.read_text(encoding='utf-8').splitlines()[0])
    for key in ('losses', 'progress', 'benchmark'):
        del line[key]
    path.write_text(json.dumps({**line, 'later': 1}) + '\n', encoding='utf-8')
    (found,) = read_lines(path)
    assert (found['losses'], found['progress'], found['benchmark']) == ({}, {}, None)
    assert found['later'] == 1
