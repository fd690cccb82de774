"""The recorded counts of the published genotypes: closed forms, and counted again."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from ostrdet.evaluation.complexity import complexity
from ostrdet.spaces import DARTSSpace, build_space
from ostrdet.structures import Genotype
from ostrdet.visualization.zoo.pages import read_zoo, recount

ROOT = Path(__file__).resolve().parents[3]
ZOO = read_zoo(ROOT)
PUBLISHED = json.loads((ROOT / 'tests/data/published_counts.json').read_text(encoding='utf-8'))
TWO_INPUTS = [name for name, genotype in ZOO.items() if 'normal' in genotype.cells]
ONE_CELL = [name for name in ZOO if name not in TWO_INPUTS]
NOISY, DENSE = 'darts-minus_s4_c10_1', 'snas_mild_edge-all'


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


def closed_form(genotype: Genotype, layout: str, channels: int | None = None) -> dict[str, int]:
    """What ``complexity`` should count for cells with two inputs, from the papers' descriptions."""
    size, tally = build_space(genotype.space).layout(layout), Tally()
    width, c = size.image_size, channels or size.channels
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


@pytest.mark.parametrize('layout', ['cifar10', 'imagenet'])
@pytest.mark.parametrize('name', PUBLISHED)
def test_recorded_counts_are_the_published_ones(name: str, layout: str) -> None:
    assert counts(name)[layout].items() >= PUBLISHED[name][layout].items()


@pytest.mark.parametrize('name', TWO_INPUTS)
def test_recorded_counts_are_those_of_the_closed_form(name: str) -> None:
    for layout, recorded in counts(name).items():
        assert recorded == closed_form(ZOO[name], layout)


@pytest.mark.parametrize('name', ['fairdarts_a', 'snas_aggressive', NOISY, DENSE])
@pytest.mark.parametrize('layout', ['cifar10', 'imagenet'])
def test_cells_of_any_in_degree_are_counted_right(name: str, layout: str) -> None:
    size = complexity(ZOO[name], layout)
    assert dataclasses.asdict(size) == closed_form(ZOO[name], layout)


@pytest.mark.parametrize('name', [name for name in ZOO if name.startswith('unnas_')])
def test_a_note_of_unnas_has_the_size_at_its_own_width(name: str) -> None:
    origin = ZOO[name].provenance
    channels = origin['channels']['imagenet']
    counted = closed_form(ZOO[name], 'imagenet', channels)
    params, macs = counted['params'] / 1e6, counted['macs'] / 1e6
    said = f'with C {channels} on ImageNet: {params:.3f} M parameters, {macs:.2f} M multiply-adds.'
    assert said in origin['note']
    assert 530 < macs < 600


@pytest.mark.parametrize('name', [*ONE_CELL, 'snas_mild'])
def test_recorded_counts_are_counted_again(name: str) -> None:
    assert recount(ZOO[name]).provenance == ZOO[name].provenance


def test_gdas_has_its_published_size_with_fifty_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    wider = dataclasses.replace(DARTSSpace.layouts['imagenet'], channels=50)
    monkeypatch.setattr(DARTSSpace, 'layouts', {**DARTSSpace.layouts, 'imagenet': wider})
    size = complexity(ZOO['gdas_v1'], 'imagenet')
    assert (size.params, round(size.macs / 1e6, 1)) == (5_345_075, 581.0)
    assert '5.345 M parameters and 581.0 M' in ZOO['gdas_v1'].provenance['note']
