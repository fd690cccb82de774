"""Files of several genotypes: there and back, what they share, and damage."""

import json
from pathlib import Path
from typing import Any

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.structures import (
    CellGenotype,
    Genotype,
    GenotypeCollection,
    load_collection,
    load_genotype,
    save_collection,
    save_genotype,
)
from ostrdet.structures.genotype_file import genotype_names

SOURCE = {'paper': {'name': 'A paper', 'url': 'https://a'}, 'commit': 'abc'}


def genotype(op: str, **own: Any) -> Genotype:
    cell = CellGenotype(((('skip_connect', 0),), ((op, 1),)), (2, 3))
    return Genotype({'type': 'SomeSpace'}, {'cell': cell}, {**SOURCE, **own})


COLLECTION = GenotypeCollection(
    {'b_2': genotype('none', method='B'), 'a-1.5': genotype('none', commit='def')}, SOURCE
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'papers' / 'a.json'
    save_collection(COLLECTION, path)
    return path


def provenances(collection: GenotypeCollection) -> list[Any]:
    return [dict(genotype.provenance) for genotype in collection.genotypes.values()]


def test_what_is_saved_is_loaded(file: Path) -> None:
    loaded = load_collection(file)
    assert loaded == COLLECTION
    assert [*loaded.genotypes] == ['b_2', 'a-1.5']
    assert provenances(loaded) == provenances(COLLECTION)
    assert [path.name for path in file.parent.iterdir()] == ['a.json']


def test_what_is_shared_stands_once(file: Path) -> None:
    content = json.loads(file.read_text(encoding='utf-8'))
    assert content['format'] == 'ostrdet.genotypes'
    assert content['source'] == SOURCE
    found = {name: entry['provenance'] for name, entry in content['genotypes'].items()}
    assert found == {'b_2': {'method': 'B'}, 'a-1.5': {'commit': 'def'}}


def test_a_list_of_edges_is_a_line(file: Path) -> None:
    lines = [line.strip() for line in file.read_text(encoding='utf-8').splitlines()]
    cell = '{"nodes": [[["skip_connect", 0]], [["none", 1]]], "output": [2, 3]}'
    assert lines.count(f'"cells": {{"cell": {cell}}},') == 2


def test_equal_collections_give_equal_bytes(file: Path, tmp_path: Path) -> None:
    save_collection(load_collection(file), tmp_path / 'again.json')
    assert (tmp_path / 'again.json').read_bytes() == file.read_bytes()


def test_a_file_with_one_genotype_is_a_collection_of_one(tmp_path: Path) -> None:
    path = tmp_path / 'mine.json'
    save_genotype(genotype('none'), path)
    loaded = load_collection(path)
    assert loaded == GenotypeCollection({'mine': genotype('none')}, None)
    assert genotype_names(path) == ['mine']
    before = path.read_bytes()
    save_collection(loaded, path)
    assert path.read_bytes() == before


def test_one_of_several_has_to_be_named(file: Path) -> None:
    assert genotype_names(file) == ['b_2', 'a-1.5']
    with pytest.raises(GenotypeError, match=r"a\.json: holds 2 .*, as in '.*a\.json#b_2'"):
        load_genotype(file)
    with pytest.raises(GenotypeError, match='holds 2 genotypes, expected one'):
        save_collection(GenotypeCollection(COLLECTION.genotypes), file)


def test_a_collection_of_one_is_read_as_that(tmp_path: Path) -> None:
    save_collection(GenotypeCollection({'b': genotype('none')}, SOURCE), tmp_path / 'a.json')
    assert load_genotype(tmp_path / 'a.json') == genotype('none')


def damaged(content: dict[str, Any], *keys: str, value: Any) -> dict[str, Any]:
    at: Any = content
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    return content


@pytest.mark.parametrize(
    ('keys', 'value', 'message'),
    [
        (('version',), 2, "'version' is 2, this release reads version 1"),
        (('checksum',), None, "'checksum' is None, the content has 'sha256:"),
        (('source', 'commit'), 'other', "'checksum' is"),
        (('genotypes', 'b_2', 'provenance', 'method'), 'C', "'checksum' is"),
        (('genotypes', 'b_2', 'cells', 'cell', 'output'), [3], "'checksum' is"),
        (('genotypes', 'b_2', 'cells', 'cell', 'output'), 'all', "genotype 'b_2': 'cells.cell.out"),
        (('genotypes', 'a b'), {}, "called 'a b', expected letters, digits and any of _ . -"),
        (('genotypes',), {}, "'genotypes' is empty, expected at least one"),
        (('genotypes',), [], r"'genotypes' is \[\], expected a dict of genotypes by name"),
        (('source',), None, "'source' is missing, expected a dict of what the genotypes share"),
    ],
)
def test_damage_is_named_with_the_file(
    keys: tuple[str, ...], value: Any, message: str, file: Path
) -> None:
    content = damaged(json.loads(file.read_text(encoding='utf-8')), *keys, value=value)
    file.write_text(json.dumps(content), encoding='utf-8')
    with pytest.raises(GenotypeError, match=rf'a\.json: .*{message}'):
        load_collection(file)


def test_names_are_read_from_no_other_file(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text('{"format": "ostrdet.genotypes", "genotypes": 3}')
    (tmp_path / 'b.json').write_text('{"format"')
    with pytest.raises(GenotypeError, match="'genotypes' is no dict of genotypes by name"):
        genotype_names(tmp_path / 'a.json')
    with pytest.raises(GenotypeError, match=r'b\.json: not a JSON file'):
        genotype_names(tmp_path / 'b.json')
