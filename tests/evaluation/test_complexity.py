"""Complexity: published counts, closed forms, and two independent counters."""

import json
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ostrdet.errors import GenotypeError
from ostrdet.evaluation.complexity import Complexity, complexity
from ostrdet.networks import build_derived
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import CellGenotype, Genotype, load_genotype

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = json.loads((ROOT / 'tests/data/published_counts.json').read_text(encoding='utf-8'))

NB201 = build_space({'type': 'NASBench201Space'})
NB201_CELLS = (
    '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|',
    '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|',
    '|avg_pool_3x3~0|+|none~0|avg_pool_3x3~1|+|none~0|skip_connect~1|nor_conv_1x1~2|',
    '|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+|nor_conv_1x1~0|nor_conv_1x1~1|nor_conv_1x1~2|',
    '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|',
    # node 1 reaches no output: its convolution is counted all the same
    '|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|',
)
#: Parameters and multiply-adds (millions) that NATS-Bench itself states for its cells 0, 11, 284.
NATS = {
    '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|': {
        'cifar10': (129_306, 15.64737),
        'cifar100': (135_156, 15.65322),
        'imagenet16_120': (136_456, 3.91948),
    },
    '|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|': {
        'cifar10': (802_426, 113.95137),
        'cifar100': (808_276, 113.95722),
        'imagenet16_120': (809_576, 28.49548),
    },
    '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|nor_conv_1x1~1|none~2|': {
        'cifar10': (101_306, 11.71521),
        'cifar100': (107_156, 11.72106),
        'imagenet16_120': (108_456, 2.93644),
    },
}


def published(name: str) -> Genotype:
    return load_genotype(ROOT / 'configs' / 'genotypes' / f'{name}.json')


@cache
def measured(name: str, layout: str) -> Complexity:
    return complexity(published(name), layout)


@pytest.mark.parametrize('layout', ['cifar10', 'imagenet'])
@pytest.mark.parametrize('name', PUBLISHED)
def test_published_counts_are_met_exactly(name: str, layout: str) -> None:
    size = measured(name, layout)
    expected = PUBLISHED[name][layout]
    assert {key: getattr(size, key) for key in expected} == expected


@pytest.mark.parametrize(
    ('name', 'millions'), [('p-darts', 557.1), ('pc-darts_c10', 585.9), ('pc-darts_in1k', 597.1)]
)
def test_the_p_darts_convention_gives_the_figures_of_its_papers(name: str, millions: float) -> None:
    assert round(measured(name, 'imagenet').macs_bn_relu / 1e6, 1) == millions


def test_the_parameters_of_p_darts_are_those_of_its_training_log() -> None:
    size = measured('p-darts', 'cifar10')
    assert (size.params, size.params_aux) == (3_433_798, 3_910_224)


def test_ninety_more_classes_cost_one_weight_per_feature_and_a_bias_each() -> None:
    ten, hundred = (measured('p-darts', name) for name in ('cifar10', 'cifar100'))
    features = 4 * 144  # four nodes of the last cell's width
    assert hundred.params - ten.params == 90 * (features + 1) == 51_930
    assert hundred.params_aux - ten.params_aux == 51_930 + 90 * (768 + 1)
    assert hundred.macs - ten.macs == 90 * features


@pytest.mark.parametrize('text', NB201_CELLS)
def test_nas_bench_201_meets_the_closed_forms(text: str) -> None:
    num_1x1, num_3x3 = text.count('nor_conv_1x1'), text.count('nor_conv_3x3')
    size = complexity(NB201.parse(text), 'cifar10')
    assert size.params == size.params_aux == 73_306 + 28_000 * num_1x1 + 243_040 * num_3x3
    # the benchmark counts the classifier's bias as well: one per class
    assert size.macs + 10 == 7_783_050 + 3_932_160 * num_1x1 + 35_389_440 * num_3x3


@pytest.mark.parametrize(
    ('layout', 'num_classes'), [('cifar10', 10), ('cifar100', 100), ('imagenet16_120', 120)]
)
@pytest.mark.parametrize('text', NATS)
def test_nas_bench_201_meets_the_figures_of_the_benchmark(
    text: str, layout: str, num_classes: int
) -> None:
    params, millions = NATS[text][layout]
    size = complexity(NB201.parse(text), layout)
    assert (size.params, size.macs + num_classes) == (params, round(millions * 1e6))


def test_multiply_adds_agree_with_the_counter_of_torch() -> None:
    with torch.device('meta'), FlopCounterMode(display=False) as counter:
        build_derived(published('amoebanet-a'), 'imagenet').eval()(torch.empty(1, 3, 224, 224))
    assert 2 * measured('amoebanet-a', 'imagenet').macs == counter.get_total_flops()


def test_the_p_darts_convention_counts_the_elements_that_norms_and_relus_put_out() -> None:
    counted = {nn.BatchNorm2d: 0, nn.ReLU: 0}
    network = build_derived(published('nb201_resnet'), 'imagenet16_120').eval()

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        counted[type(module)] += output.numel()

    for module in network.modules():
        if type(module) in counted:
            module.register_forward_hook(count)
    with torch.no_grad():
        network(torch.zeros(1, 3, 16, 16))
    size = measured('nb201_resnet', 'imagenet16_120')
    assert size.macs_bn_relu - size.macs == 2 * counted[nn.BatchNorm2d] + counted[nn.ReLU] > 0


def test_counting_moves_no_random_number_generator() -> None:
    state = torch.get_rng_state()
    complexity(published('nb201_all-skip'), 'imagenet16_120')
    complexity(get_genotype('darts-minus_s4_c10_1'), 'cifar10')  # its network draws noise
    assert torch.equal(torch.get_rng_state(), state)


def test_figures_are_plain_integers() -> None:
    size = measured('nb201_all-skip', 'imagenet16_120')
    assert size == Complexity(80_456, 80_456, 1_945_600 + 64 * 120, size.macs_bn_relu)
    assert all(type(value) is int for value in vars(size).values())


def test_an_unknown_layout_is_answered_with_the_nearest() -> None:
    with pytest.raises(KeyError, match=r"unknown layout 'imagenet16'.*'imagenet16_120'"):
        complexity(published('nb201_resnet'), 'imagenet16')


def test_a_genotype_of_another_space_is_refused() -> None:
    cell = CellGenotype(((('nor_conv_3x3', 0),),), (1,))
    with pytest.raises(GenotypeError, match='belongs to another space'):
        complexity(Genotype({'type': 'DARTSSpace'}, {'cell': cell}), 'cifar10')
