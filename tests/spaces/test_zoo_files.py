"""The files of the zoo: which holds a name, names that two have, and one genotype out of a file."""

import os
from pathlib import Path

import pytest

from ostrdet.errors import GenotypeError, UnknownNameError
from ostrdet.spaces.zoo import get_genotype, list_genotypes, zoo_files, zoo_folder
from ostrdet.structures import GenotypeCollection, save_collection, save_genotype


def test_a_name_leads_to_its_file() -> None:
    files = {name: path.name for name, path in zoo_files(zoo_folder()).items()}
    assert [*files] == list_genotypes()
    assert (files['darts_v2'], files['darts-pt_s1_1']) == ('darts_v2.json', 'darts-pt.json')
    assert set(files.values()) == {path.name for path in zoo_folder().iterdir()}


def test_a_name_that_two_files_have_is_refused(tmp_path: Path) -> None:
    resnet = get_genotype('nb201_resnet')
    save_collection(GenotypeCollection({'a': resnet, 'b': resnet}, {}), tmp_path / 'paper.json')
    assert [*zoo_files(tmp_path)] == ['a', 'b']
    save_genotype(resnet, tmp_path / 'b.json')
    message = r"called 'b', one in '.*b\.json' and one in '.*paper\.json': rename one"
    with pytest.raises(GenotypeError, match=message):
        zoo_files(tmp_path)


def test_a_name_in_a_changed_file_is_found(tmp_path: Path) -> None:
    path, resnet = tmp_path / 'paper.json', get_genotype('nb201_resnet')
    for count, name in enumerate('ab'):
        save_collection(GenotypeCollection({name: resnet}, {}), path)
        os.utime(path, ns=(count, count))
        assert [*zoo_files(tmp_path)] == [name]


def test_one_of_a_file_is_named_behind_it(tmp_path: Path) -> None:
    path = zoo_folder() / 'sdarts.json'
    name = 'sdarts-rs_s1_c10'
    for source in (f'{path}#{name}', f'ostrdet::genotypes/sdarts.json#{name}'):
        found = get_genotype(source)
        assert (found, found.provenance) == (get_genotype(name), get_genotype(name).provenance)
    with pytest.raises(GenotypeError, match=r'holds 36 genotypes, expected one.*sdarts\.json#'):
        get_genotype(path)
    with pytest.raises(
        UnknownNameError, match=r"json: holds no genotype '.*Did you mean 'sdarts-rs"
    ):
        get_genotype(f'{path}#sdarts-rs_s1_c11')
    with pytest.raises(FileNotFoundError, match=r'lost\.json'):
        get_genotype(tmp_path / 'lost.json#a')
    save_genotype(found, tmp_path / 'a#b.json')
    assert get_genotype(tmp_path / 'a#b.json') == found
