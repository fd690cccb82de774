"""Genotype files: what is saved is loaded, and a damaged file says where it is damaged."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.structures import Genotype, load_genotype, save_genotype

Content = dict[str, Any]

NODES = [[['sep_conv_3x3', 0], ['skip_connect', 1]]] * 4
CELL = {'nodes': NODES, 'output': [2, 3, 4, 5]}
GENOTYPE = Genotype.from_dict(
    {
        'space': {'type': 'DARTSSpace'},
        'cells': {'normal': CELL, 'reduce': CELL},
        'provenance': {'seed': 0, 'note': 'größer', 'accuracy': 0.1},
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'genotype.json'
    save_genotype(GENOTYPE, path)
    return path


def test_what_is_saved_is_loaded(file: Path) -> None:
    loaded = load_genotype(file)
    assert loaded == GENOTYPE
    assert loaded.provenance == GENOTYPE.provenance


def test_the_file_is_readable_and_ends_in_a_newline(file: Path) -> None:
    text = file.read_text(encoding='utf-8')
    assert text.endswith('}\n')
    content = json.loads(text)
    assert list(content) == ['format', 'version', 'space', 'cells', 'provenance', 'checksum']
    assert content['format'] == 'ostrdet.genotype'
    assert content['version'] == 1
    assert content['cells']['normal'] == CELL


def test_equal_genotypes_give_equal_bytes(file: Path, tmp_path: Path) -> None:
    save_genotype(load_genotype(str(file)), str(tmp_path / 'again.json'))
    assert (tmp_path / 'again.json').read_bytes() == file.read_bytes()


def test_saving_makes_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / 'a' / 'b' / 'genotype.json'
    save_genotype(GENOTYPE, path)
    save_genotype(GENOTYPE, path)
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_save_keeps_the_file_that_was_there(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(TypeError, match='not JSON serializable'):
        save_genotype(Genotype(GENOTYPE.space, GENOTYPE.cells, {'model': object()}), file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_layout_of_the_json_does_not_matter(file: Path) -> None:
    content = json.loads(file.read_text(encoding='utf-8'))
    file.write_text(json.dumps(dict(reversed(content.items())), indent=4), encoding='utf-8')
    assert load_genotype(file) == GENOTYPE


def change(key: str, value: Any) -> Callable[[Content], Content]:
    return lambda content: content | {key: value}


def change_cell(key: str, value: Any) -> Callable[[Content], Content]:
    return lambda content: content | {'cells': {'normal': CELL | {key: value}, 'reduce': CELL}}


def lose(key: str) -> Callable[[Content], Content]:
    return lambda content: {k: v for k, v in content.items() if k != key}


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (change('format', 'other'), "'format' is 'other', expected 'ostrdet.genotype'"),
        (lose('format'), "'format' is None, expected 'ostrdet.genotype'"),
        (lambda content: [content], 'expected a JSON object, got [{'),
        (change('version', 2), "'version' is 2, this release reads version 1; a newer release"),
        (change('version', '1'), "'version' is '1', this release reads version 1"),
        (lose('version'), "'version' is None, this release reads version 1"),
        (change('checksum', 'sha256:0'), "'checksum' is 'sha256:0', the content has 'sha256:"),
        (lose('checksum'), "'checksum' is None, the content has 'sha256:"),
        (change('provenance', {'seed': 1}), 'the file was changed or damaged; restore it'),
        (change('space', {'type': 'NASNetSpace'}), 'the file was changed or damaged'),
        (change_cell('output', [2, 3]), 'the file was changed or damaged'),
        (change_cell('output', 'all'), "'cells.normal.output' is 'all', expected a list of node"),
        (change_cell('nodes', {}), "'cells.normal.nodes' is {}, expected a list with a list per"),
        (lose('space'), "'space' is missing, expected a dict with the key 'type'"),
        (lose('cells'), "'cells' is missing, expected a dict of the cells by cell type"),
    ],
)
def test_damage_is_named_with_the_file(
    damage: Callable[[Content], Any], message: str, file: Path
) -> None:
    content = json.loads(file.read_text(encoding='utf-8'))
    file.write_text(json.dumps(damage(content)), encoding='utf-8')
    with pytest.raises(GenotypeError, match=re.escape(message)) as caught:
        load_genotype(file)
    assert str(caught.value).startswith(f'{file}: ')


@pytest.mark.parametrize(
    'raw',
    [
        b'',
        b'Genotype(normal=[])',
        b'{"format": "ostrdet.genotype"',
        b'\xff\xfe\x00binary',
        b'[' * 100_000,
        b'{"format": ' + b'9' * 5000 + b'}',
    ],
    ids=['empty', 'python', 'cut off', 'binary', 'nested', 'huge number'],
)
def test_what_is_no_json_is_refused(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / 'genotype.json'
    path.write_bytes(raw)
    with pytest.raises(GenotypeError, match='not a JSON file') as caught:
        load_genotype(path)
    assert str(caught.value).startswith(f'{path}: ')


def test_every_truncation_is_refused(file: Path) -> None:
    raw = file.read_bytes().rstrip()
    for length in range(0, len(raw), 7):
        file.write_bytes(raw[:length])
        with pytest.raises(GenotypeError, match='not a JSON file'):
            load_genotype(file)


def test_every_changed_letter_of_the_cells_is_noticed(file: Path) -> None:
    text = file.read_text(encoding='utf-8')
    first, last = text.index('"cells"'), text.index('"provenance"')
    letters = [i for i in range(first, last) if text[i].isalnum()]
    assert len(letters) > 200
    for position in letters:
        changed = '7' if text[position] != '7' else '8'
        file.write_text(text[:position] + changed + text[position + 1 :], encoding='utf-8')
        with pytest.raises(GenotypeError):
            load_genotype(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='nowhere'):
        load_genotype(tmp_path / 'nowhere.json')
