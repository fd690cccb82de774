"""The published genotypes and what is generated from them: current and complete."""

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands import genotype as genotype_cli
from ostrdet.spaces import build_space
from ostrdet.structures import (
    GenotypeCollection,
    load_collection,
    load_genotype,
    save_collection,
    save_genotype,
)
from ostrdet.visualization.zoo.pages import (
    FOLDER,
    METAFILE,
    TABLE,
    read_zoo,
    render_documents,
    stale_files,
)

ROOT = Path(__file__).resolve().parents[3]
ZOO = read_zoo(ROOT)
SMALL = 'nb201_all-skip'
Captured = pytest.CaptureFixture[str]


def counts(name: str) -> Mapping[str, Mapping[str, int]]:
    found: Mapping[str, Mapping[str, int]] = ZOO[name].provenance['complexity']
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one small genotype, whose generated files are current."""
    (tmp_path / FOLDER).mkdir(parents=True)
    shutil.copy(ROOT / FOLDER / f'{SMALL}.json', tmp_path / FOLDER)
    stale_files(tmp_path, write=True)
    return tmp_path


def edit(root: Path, **provenance: Any) -> None:
    path = root / FOLDER / f'{SMALL}.json'
    genotype = load_genotype(path)
    changed = {**genotype.provenance, **provenance}
    save_genotype(dataclasses.replace(genotype, provenance=changed), path)


def test_the_documents_are_what_the_genotypes_say() -> None:
    for path, text in render_documents(ZOO).items():
        hint = f'{path} is stale; run: python tools/genotype.py zoo --write'
        assert (ROOT / path).read_text(encoding='utf-8') == text, hint


@pytest.mark.parametrize('name', ZOO)
def test_a_genotype_says_where_it_comes_from_and_how_large_it_is(name: str) -> None:
    origin = ZOO[name].provenance
    assert origin['source']
    assert origin['paper'].keys() == {'name', 'title', 'url'}
    assert origin['paper']['url'].startswith('https://')
    assert list(counts(name)) == list(build_space(ZOO[name].space).layouts)
    assert all(type(count) is int for size in counts(name).values() for count in size.values())


def test_no_two_genotypes_are_the_same_cells() -> None:
    """But for those that their source has twice, of which one says which the other is."""
    names: dict[str, list[str]] = {}
    for name, genotype in ZOO.items():
        names.setdefault(str((genotype.space, genotype.cells)), []).append(name)
    twins = [found for found in names.values() if len(found) > 1]
    assert len(twins) == 6
    for first, second in twins:
        said = f'The same cells as {first}, under another name in the source.'
        assert said in ZOO[second].provenance['note']


def test_a_paper_has_one_title_and_one_address() -> None:
    papers = {tuple(sorted(genotype.provenance['paper'].items())) for genotype in ZOO.values()}
    for column in zip(*papers, strict=True):
        assert len(set(column)) == len(papers)


def test_a_current_checkout_is_ok(checkout: Path, capsys: Captured) -> None:
    assert genotype_cli.main(['zoo', '--root', str(checkout)]) == 0
    assert capsys.readouterr().out == 'ok: every file is current\n'


@pytest.mark.parametrize('path', [TABLE, METAFILE])
def test_a_changed_document_is_named_and_generated(
    path: str, checkout: Path, capsys: Captured
) -> None:
    text = (checkout / path).read_text()
    (checkout / path).write_text(text.replace('54.3', '99.9'))
    assert genotype_cli.main(['zoo', '--root', str(checkout)]) == 1
    mend = 'generate them with: python tools/genotype.py zoo --write'
    assert capsys.readouterr().out.splitlines() == [f'stale: {path}', mend]
    assert genotype_cli.main(['zoo', '--root', str(checkout), '--write']) == 0
    assert capsys.readouterr().out == f'written: {path}\n'
    assert (checkout / path).read_text() == text


def test_wrong_counts_in_a_genotype_are_named_and_counted(checkout: Path) -> None:
    recorded = counts(SMALL)
    edit(checkout, complexity={**recorded, 'cifar10': {**recorded['cifar10'], 'macs': 1}})
    file = f'{FOLDER}/{SMALL}.json'
    assert stale_files(checkout) == [file]
    assert stale_files(checkout, write=True) == [file]
    assert read_zoo(checkout)[SMALL].provenance['complexity'] == recorded


@pytest.fixture
def with_papers(checkout: Path) -> Path:
    """The checkout with a file of two more cells."""
    shared = {key: ZOO[SMALL].provenance[key] for key in ('paper', 'source')}
    members = {name: ZOO[name] for name in ('nb201_resnet', 'nb201_c10_optimum')}
    save_collection(GenotypeCollection(members, shared), checkout / FOLDER / 'papers.json')
    stale_files(checkout, write=True)
    return checkout


def miscount(root: Path, *names: str) -> None:
    """Record a wrong count in ``papers.json``."""
    file = load_collection(root / FOLDER / 'papers.json')
    wrong = {'complexity': {**counts(SMALL), 'cifar10': {**counts(SMALL)['cifar10'], 'macs': 1}}}
    members = {
        name: dataclasses.replace(one, provenance={**one.provenance, **wrong})
        if name in names
        else one
        for name, one in file.genotypes.items()
    }
    save_collection(dataclasses.replace(file, genotypes=members), root / FOLDER / 'papers.json')


def test_wrong_counts_in_a_file_of_several_are_counted(with_papers: Path) -> None:
    before = (with_papers / FOLDER / 'papers.json').read_bytes()
    assert sorted(read_zoo(with_papers)) == sorted([SMALL, 'nb201_resnet', 'nb201_c10_optimum'])
    miscount(with_papers, 'nb201_resnet')
    assert stale_files(with_papers, write=True) == [f'{FOLDER}/papers.json']
    assert (with_papers / FOLDER / 'papers.json').read_bytes() == before


def test_only_some_are_counted_anew(with_papers: Path, capsys: Captured) -> None:
    miscount(with_papers, 'nb201_resnet', 'nb201_c10_optimum')
    argv = ['zoo', '--root', str(with_papers), '--write', '--only']
    assert genotype_cli.main([*argv, 'nb201_resnet', SMALL]) == 0
    assert f'written: {FOLDER}/papers.json' in capsys.readouterr().out
    zoo = read_zoo(with_papers)
    assert zoo['nb201_resnet'].provenance['complexity'] == counts('nb201_resnet')
    assert zoo['nb201_c10_optimum'].provenance['complexity']['cifar10']['macs'] == 1
    assert genotype_cli.main([*argv, 'nb201_resne']) == 2
    assert "Did you mean 'nb201_resnet'" in capsys.readouterr().err


def test_a_new_accuracy_makes_the_documents_stale(checkout: Path) -> None:
    edit(checkout, published_accuracy={'cifar100': '15.61'})
    assert stale_files(checkout) == [TABLE, METAFILE]
    (checkout / TABLE).unlink()
    assert stale_files(checkout, write=True) == [TABLE, METAFILE]
    assert stale_files(checkout) == []


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path, capsys: Captured) -> None:
    assert genotype_cli.main(['zoo', '--root', str(tmp_path)]) == 2
    assert 'run this in its root, or pass --root' in capsys.readouterr().err


def test_a_genotype_that_was_changed_by_hand_is_refused(checkout: Path, capsys: Captured) -> None:
    path = checkout / FOLDER / f'{SMALL}.json'
    path.write_text(path.read_text().replace('54.30', '64.30'))
    assert genotype_cli.main(['zoo', '--root', str(checkout)]) == 2
    assert f"{SMALL}.json: 'checksum' is" in capsys.readouterr().err
