"""Reading the work dir of a search, whole or damaged."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.records.history import read_history
from ostrdet.records.run_facts import RunFacts, read_run_facts
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Genotype, save_genotype


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / 'trajectory.jsonl').read_text().splitlines()]


def write_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    (folder / 'trajectory.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))


def test_every_number_is_where_the_file_has_it(make_work_dir: Any) -> None:
    folder = make_work_dir('DARTSSpace', 2)
    lines, history = lines_of(folder), read_history(folder)
    assert history.epochs.tolist() == [1, 2]
    for cell in ('normal', 'reduce'):
        found = history.values('scores', cell, 'PruningSaliency')
        expected = [line['scores']['PruningSaliency'][cell] for line in lines]
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(
            history.values('alphas', cell), [line['alphas'][cell] for line in lines]
        )
    assert history.scalars('val_accuracy').tolist() == [50.5, 51.0]
    assert history.scalars('losses', 'arch_loss').tolist() == [2.5, 1.25]
    texts = [history.space.format(g) for g in history.genotypes['Magnitude'] if g]
    assert texts == [line['genotypes']['Magnitude'] for line in lines]


def test_what_is_not_known_yet_is_nan(make_work_dir: Any) -> None:
    folder = make_work_dir('NASBench201Space', 2)
    first, second = lines_of(folder)
    first['scores'] = dict.fromkeys(first['scores'])
    first['genotypes'] = dict.fromkeys(first['genotypes'])
    first['val_accuracy'] = None
    del first['losses']  # as earlier releases wrote it
    write_lines(folder, [first, second])
    history = read_history(folder)
    values = history.values('scores', 'cell', 'OperationStrength')
    assert np.isnan(values[0]).all()
    np.testing.assert_array_equal(values[1], second['scores']['OperationStrength']['cell'])
    np.testing.assert_array_equal(history.scalars('val_accuracy'), [np.nan, second['val_accuracy']])
    np.testing.assert_array_equal(history.scalars('losses', 'loss'), [np.nan, 1.0])
    assert history.genotypes['Magnitude'][0] is None


def test_the_deciding_criterion_is_first_and_its_rival_another(make_work_dir: Any) -> None:
    history = read_history(make_work_dir('NASBench201Space', 1))
    assert (history.criteria[0], history.rival) == ('OperationStrength', 'Magnitude')
    history = read_history(make_work_dir('NASBench201Space', 1, criterion='Magnitude'))
    assert (history.criteria[0], history.rival) == ('Magnitude', 'OperationStrength')
    assert len(set(history.criteria)) == len(history.criteria) == 5


@pytest.mark.parametrize('rest', ['{"epoch": 3, "alph', '[]\n', '{}\n', 'x'])
def test_a_line_that_a_crash_cut_off_is_passed_over(make_work_dir: Any, rest: str) -> None:
    folder = make_work_dir('NASBench201Space', 2)
    with (folder / 'trajectory.jsonl').open('a') as stream:
        stream.write(rest)
    assert read_history(folder).epochs.tolist() == [1, 2]


def test_facts_are_read_as_they_were_written(tmp_path: Path) -> None:
    facts = RunFacts({'type': 'DARTSSpace'}, 'Magnitude', seed=3, versions={'torch': '2'})
    (tmp_path / 'run.json').write_text(facts.to_json())
    assert read_run_facts(tmp_path) == facts
    newer = {**json.loads(facts.to_json()), 'of_a_later_release': 1}
    (tmp_path / 'run.json').write_text(json.dumps(newer))
    assert read_run_facts(tmp_path) == facts


def test_without_facts_the_genotype_tells_some(make_work_dir: Any) -> None:
    folder = make_work_dir('NASBench201Space', 1)
    (folder / 'run.json').unlink()
    found = get_genotype('ostr_nb201')
    origin = {'criterion': 'Magnitude', 'seed': 5, 'config': 'a.py', 'versions': {'torch': '2'}}
    save_genotype(Genotype(found.space, found.cells, origin), folder / 'genotype.json')
    facts = read_run_facts(folder)
    assert facts == RunFacts(found.space, 'Magnitude', 5, config='a.py', versions={'torch': '2'})
    assert read_history(folder).op_kinds['skip_connect'] == 'identity'


@pytest.mark.parametrize('text', [None, '', '{}\n'])
def test_a_folder_without_an_epoch_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / 'trajectory.jsonl').write_text(text)
    with pytest.raises(
        FileNotFoundError, match=r'no epoch in .*trajectory\.jsonl.*work dir of a search'
    ):
        read_history(tmp_path)


DAMAGES = [b'', b'[]', b'{"seed": 1}', b'{"space": 1,', b'"\xff"', b'[' * 100_000]


@pytest.mark.parametrize('content', DAMAGES, ids=range(len(DAMAGES)))
def test_damaged_facts_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'run.json').write_bytes(content)
    with pytest.raises(ValueError, match=r"run\.json' is damaged .*restore it, or remove it"):
        read_run_facts(tmp_path)


def test_a_work_dir_without_facts_and_genotype_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'neither run\.json nor genotype\.json'):
        read_run_facts(tmp_path)
