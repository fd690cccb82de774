"""The published genotypes and what is generated from them: current, complete, counted right."""

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands import genotype as genotype_cli
from ostrdet.evaluation.complexity import complexity
from ostrdet.spaces import DARTSSpace, build_space
from ostrdet.structures import Genotype, load_genotype, save_genotype
from ostrdet.visualization.zoo.pages import (
    FOLDER,
    METAFILE,
    TABLE,
    read_zoo,
    recount,
    render_documents,
    stale_files,
)

ROOT = Path(__file__).resolve().parents[3]
ZOO = read_zoo(ROOT)
PUBLISHED = json.loads((ROOT / 'tests/data/published_counts.json').read_text(encoding='utf-8'))
TWO_INPUTS = [name for name, genotype in ZOO.items() if 'normal' in genotype.cells]
ONE_CELL = [name for name in ZOO if name not in TWO_INPUTS]
SMALL = 'nb201_all-skip'
Captured = pytest.CaptureFixture[str]


def counts(name: str) -> Mapping[str, Mapping[str, int]]:
    found: Mapping[str, Mapping[str, int]] = ZOO[name].provenance['complexity']
    return found


class Tally(Counter[str]):
    """Parameters, multiply-adds and elements of a network, added up layer by layer."""

    def conv(self, weights: int, area: int) -> None:
        self['params'] += weights
        self['macs'] += weights * area

    def norm(self, channels: int, area: int) -> None:
        self['params'] += 2 * channels
        self['per_element'] += 2 * channels * area

    def relu(self, channels: int, area: int) -> None:
        self['per_element'] += channels * area

    def relu_conv_norm(self, c_in: int, c_out: int, size: int, stride: int = 1) -> None:
        """A 1x1 convolution, or with a stride the two halves of a factorized reduction."""
        self.relu(c_in, size**2)
        self.conv(c_in * c_out, (size // stride) ** 2)
        self.norm(c_out, (size // stride) ** 2)

    def op(self, name: str, c: int, size: int, stride: int) -> None:
        out = size // stride
        kind, _, kernel = name.rpartition('_')
        if name == 'skip_connect' and stride == 2:
            self.relu_conv_norm(c, c, size, stride)
        elif kind in ('sep_conv', 'dil_conv'):
            separable = c * int(kernel[0]) ** 2 + c * c
            for area in (size**2, out**2)[: 2 if kind == 'sep_conv' else 1]:
                self.relu(c, area)
                self.conv(separable, out**2)
                self.norm(c, out**2)
        elif name == 'conv_7x1_1x7':
            self.relu(c, size**2)
            self.conv(7 * c * c, size * out)
            self.conv(7 * c * c, out**2)
            self.norm(c, out**2)


def closed_form(genotype: Genotype, layout: str) -> dict[str, int]:
    """What ``complexity`` should count for cells with two inputs, from the papers' descriptions."""
    size, tally = build_space(genotype.space).layout(layout), Tally()
    width, c = size.image_size, size.channels
    if layout == 'imagenet':
        for c_in, c_out, out in ((3, c // 2, 112), (c // 2, c, 56), (c, c, 28)):
            tally.conv(9 * c_in * c_out, out**2)
            tally.norm(c_out, out**2)
        tally.relu(c // 2, 112**2)
        tally.relu(c, 56**2)
        before, last = (c, 56), (c, 28)
    else:
        tally.conv(27 * 3 * c, width**2)
        tally.norm(3 * c, width**2)
        before = last = (3 * c, width)
    for index in range(size.num_cells):
        reduction = index in (size.num_cells // 3, 2 * size.num_cells // 3)
        c *= 2 if reduction else 1
        tally.relu_conv_norm(before[0], c, before[1], before[1] // last[1])
        tally.relu_conv_norm(last[0], c, last[1])
        cell = genotype.cells['reduce' if reduction else 'normal']
        out = last[1] // 2 if reduction else last[1]
        for name, source in (edge for node in cell.nodes for edge in node):
            stride = 2 if reduction and source < 2 else 1
            tally.op(name, c, out * stride, stride)
        before, last = last, (c * len(cell.output), out)
        if index == 2 * size.num_cells // 3:
            aux = last[0] * 128 + 2 * 128 + 4 * 128 * 768 + 769 * size.num_classes
            aux += 2 * 768 if layout != 'imagenet' else 0
    tally['params'] += size.num_classes  # the classifier's bias
    tally.conv(last[0] * size.num_classes, 1)
    return {
        'params': tally['params'],
        'params_aux': tally['params'] + aux,
        'macs': tally['macs'],
        'macs_bn_relu': tally['macs'] + tally['per_element'],
    }


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
    texts = Counter(str((genotype.space, genotype.cells)) for genotype in ZOO.values())
    assert max(texts.values()) == 1


def test_a_paper_has_one_title_and_one_address() -> None:
    papers = {tuple(genotype.provenance['paper'].values()) for genotype in ZOO.values()}
    for column in zip(*papers, strict=True):
        assert len(set(column)) == len(papers)


@pytest.mark.parametrize('layout', ['cifar10', 'imagenet'])
@pytest.mark.parametrize('name', PUBLISHED)
def test_recorded_counts_are_the_published_ones(name: str, layout: str) -> None:
    assert counts(name)[layout].items() >= PUBLISHED[name][layout].items()


@pytest.mark.parametrize('name', TWO_INPUTS)
def test_recorded_counts_are_those_of_the_closed_form(name: str) -> None:
    for layout, recorded in counts(name).items():
        assert recorded == closed_form(ZOO[name], layout)


@pytest.mark.parametrize('name', [*ONE_CELL, 'snas_mild'])
def test_recorded_counts_are_counted_again(name: str) -> None:
    assert recount(ZOO[name]).provenance == ZOO[name].provenance


def test_gdas_has_its_published_size_with_fifty_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    wider = dataclasses.replace(DARTSSpace.layouts['imagenet'], channels=50)
    monkeypatch.setattr(DARTSSpace, 'layouts', {**DARTSSpace.layouts, 'imagenet': wider})
    size = complexity(ZOO['gdas_v1'], 'imagenet')
    assert (size.params, round(size.macs / 1e6, 1)) == (5_345_075, 581.0)
    assert '5.345 M parameters and 581.0 M' in ZOO['gdas_v1'].provenance['note']


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
