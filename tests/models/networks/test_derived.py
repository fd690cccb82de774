"""Derived networks: published sizes and parameter counts, the auxiliary head, odd image sizes."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from ostrdet.errors import GenotypeError
from ostrdet.models.networks import DerivedClassifier
from ostrdet.networks import build_derived
from ostrdet.registry import SPACES
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import CellGenotype, Genotype, Layout

pytestmark = pytest.mark.usefixtures('float64')

RandomGenotype = Callable[[SearchSpace, int], Genotype]

SPACES.import_from_location()
PUBLISHED_SIZES = [
    (space, layout) for space, cls in SPACES.module_dict.items() for layout in cls.layouts
]
DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)
TINY_CIFAR = Layout('CIFARStem', 4, 3, 5, image_size=32, aux_pool_stride=3)
TINY_IMAGENET = Layout(
    'ImageNetStem', 4, 3, 5, image_size=224, aux_pool_stride=2, aux_last_norm=False
)


def num_parameters(net: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(('space_type', 'name'), PUBLISHED_SIZES)
@torch.no_grad()
def test_published_sizes_build_and_run(
    space_type: str, name: str, random_genotype: RandomGenotype
) -> None:
    space = build_space({'type': space_type})
    layout = space.layout(name)
    net = build_derived(random_genotype(space, 0), name).eval().float()
    images = torch.randn(1, 3, layout.image_size, layout.image_size, dtype=torch.float32)
    logits = net(images)
    assert logits.shape == (1, layout.num_classes)
    assert logits.isfinite().all()


@pytest.mark.parametrize(
    ('layout', 'aux', 'expected'),
    [
        ('cifar10', False, 3_349_342),
        ('cifar10', True, 3_825_768),
        ('cifar100', False, 3_349_342 + 51_930),
        ('imagenet', False, 4_718_752),
        ('imagenet', True, 5_979_528),
    ],
)
def test_parameters_of_darts_v2(layout: str, aux: bool, expected: int) -> None:
    genotype = build_space({'type': 'DARTSSpace'}).parse(DARTS_V2)
    assert num_parameters(build_derived(genotype, layout, aux=aux)) == expected


@pytest.mark.parametrize(
    ('layout', 'more'), [('cifar10', 0), ('cifar100', 5850), ('imagenet16_120', 7150)]
)
@pytest.mark.parametrize('seed', range(4))
def test_parameters_of_nas_bench_201(
    seed: int, layout: str, more: int, random_genotype: RandomGenotype
) -> None:
    genotype = random_genotype(build_space({'type': 'NASBench201Space'}), seed)
    ops = [op for node in genotype.cells['cell'].nodes for op, _ in node]
    convolutions = 28_000 * ops.count('nor_conv_1x1') + 243_040 * ops.count('nor_conv_3x3')
    assert num_parameters(build_derived(genotype, layout)) == 73_306 + convolutions + more


def test_fewer_concatenated_nodes_make_narrower_cells() -> None:
    space = build_space({'type': 'DARTSSpace'})
    full = space.parse(DARTS_V2)
    cells = {name: CellGenotype(cell.nodes, (4, 5)) for name, cell in full.cells.items()}
    net = DerivedClassifier(Genotype(full.space, cells), TINY_CIFAR, 5, aux=False)
    *_, last = net.backbone.skeleton(torch.randn(2, 3, 8, 8))
    assert last.shape == (2, 2 * 16, 2, 2)
    assert net(torch.randn(2, 3, 8, 8)).shape == (2, 5)


@pytest.mark.parametrize('layout', [TINY_CIFAR, TINY_IMAGENET])
def test_auxiliary_head_speaks_in_training_only(layout: Layout) -> None:
    genotype = build_space({'type': 'DARTSSpace'}).parse(DARTS_V2)
    net = DerivedClassifier(genotype, layout, 5, aux=True)
    images = torch.randn(2, 3, layout.image_size, layout.image_size)
    logits, auxiliary = net(images)
    assert logits.shape == auxiliary.shape == (2, 5)
    features = list(net.backbone.skeleton(images))[2]  # the cell at two thirds of three
    torch.testing.assert_close(auxiliary, net.head.aux(features))
    evaluated = net.eval()(images)
    assert isinstance(evaluated, torch.Tensor)
    assert evaluated.shape == (2, 5)


def test_without_auxiliary_head_training_gives_logits_alone() -> None:
    genotype = build_space({'type': 'DARTSSpace'}).parse(DARTS_V2)
    assert DerivedClassifier(genotype, TINY_CIFAR, 5, aux=False)(torch.randn(2, 3, 8, 8)).ndim == 2


def test_a_size_without_auxiliary_head_has_none(random_genotype: RandomGenotype) -> None:
    space = build_space({'type': 'NASBench201Space'})
    net = DerivedClassifier(
        random_genotype(space, 0), Layout('CIFARStem', 4, 1, 5, 32), 5, aux=True
    )
    assert net.head.aux is None
    assert net(torch.randn(2, 3, 8, 8)).shape == (2, 5)


@pytest.mark.parametrize('layout', [TINY_CIFAR, TINY_IMAGENET])
@pytest.mark.parametrize('size', [(33, 47), (333, 500)])
@torch.no_grad()
def test_odd_image_sizes(
    layout: Layout, size: tuple[int, int], random_genotype: RandomGenotype
) -> None:
    space = build_space({'type': 'DARTSSpace'})
    net = DerivedClassifier(random_genotype(space, 1), layout, 5, aux=False).eval().float()
    images = torch.randn(1, 3, *size, dtype=torch.float32)
    sizes = [state.shape[-2:] for state in net.backbone.skeleton(images)]
    strides = [layer.output.stride for layer in net.backbone.skeleton.plan.layers]
    assert sizes == [(-(-size[0] // stride), -(-size[1] // stride)) for stride in strides]
    assert net(images).shape == (1, 5)


@pytest.mark.parametrize('size', [(33, 47), (333, 500)])
def test_odd_image_sizes_of_nas_bench_201(
    size: tuple[int, int], random_genotype: RandomGenotype
) -> None:
    space = build_space({'type': 'NASBench201Space'})
    net = DerivedClassifier(random_genotype(space, 1), Layout('CIFARStem', 2, 1, 5, 32), 5, False)
    *_, last = net.backbone.skeleton(torch.randn(1, 3, *size))
    assert last.shape == (1, 8, -(-size[0] // 4), -(-size[1] // 4))


def test_logits_are_the_classifier_on_the_global_average() -> None:
    genotype = build_space({'type': 'DARTSSpace'}).parse(DARTS_V2)
    net = DerivedClassifier(genotype, TINY_CIFAR, 5, aux=False).eval()
    images = torch.randn(2, 3, 9, 11)
    *_, features = net.backbone.skeleton(images)
    expected = features.flatten(2).mean(dim=2) @ net.head.fc.weight.T + net.head.fc.bias
    torch.testing.assert_close(net(images), expected)


def test_pools_are_bare_and_norms_affine() -> None:
    genotype = build_space({'type': 'DARTSSpace'}).parse(DARTS_V2)
    net = DerivedClassifier(genotype, TINY_CIFAR, 5, aux=False)
    norms = [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert norms
    assert all(norm.affine for norm in norms)
    reduction = net.backbone.skeleton.layers[1]
    ops = [op for node in genotype.cells['reduce'].nodes for op, _ in node]
    pools = [edge for op, edge in zip(ops, reduction.edges, strict=True) if 'pool' in op]
    assert [type(pool) for pool in pools] == [nn.MaxPool2d] * 5


def test_a_cell_of_skips_multiplies_by_four() -> None:
    text = '|skip~0|+|skip~0|skip~1|+|skip~0|skip~1|skip~2|'.replace('skip', 'skip_connect')
    genotype = build_space({'type': 'NASBench201Space'}).parse(text)
    net = DerivedClassifier(genotype, Layout('CIFARStem', 4, 2, 5, 32), 5, aux=False).eval()
    images = torch.randn(2, 3, 8, 8)
    (stem,) = net.backbone.skeleton.stem(images)
    first, second, *_ = net.backbone.skeleton(images)
    torch.testing.assert_close(first, 4 * stem)  # 1 + 1 + (1 + 1)
    torch.testing.assert_close(second, 16 * stem)


def test_a_cell_of_nones_says_nothing_about_the_images() -> None:
    text = '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|'
    genotype = build_space({'type': 'NASBench201Space'}).parse(text)
    net = DerivedClassifier(genotype, Layout('CIFARStem', 4, 1, 5, 32), 5, aux=False)
    logits = net(torch.randn(3, 3, 8, 8))
    torch.testing.assert_close(logits, net.head.fc.bias.expand(3, 5))


def test_number_of_classes_overrides_the_published_one(random_genotype: RandomGenotype) -> None:
    genotype = random_genotype(build_space({'type': 'NASBench201Space'}), 0)
    assert build_derived(genotype, 'cifar10', num_classes=7).head.fc.out_features == 7


def test_unknown_size_offers_the_nearest(random_genotype: RandomGenotype) -> None:
    genotype = random_genotype(build_space({'type': 'NASBench201Space'}), 0)
    with pytest.raises(KeyError, match=r"'cifar11' of NASBench201Space\. Did you mean 'cifar10'"):
        build_derived(genotype, 'cifar11')


def test_genotype_of_another_space_is_refused(random_genotype: RandomGenotype) -> None:
    cells = random_genotype(build_space({'type': 'NASBench201Space'}), 0).cells
    with pytest.raises(GenotypeError, match='it belongs to another space'):
        build_derived(Genotype({'type': 'DARTSSpace'}, cells), 'cifar10')


def test_operation_of_another_space_is_refused() -> None:
    cells = build_space({'type': 'DARTSSpace'}).parse(DARTS_V2).cells
    smaller = {'type': 'DARTSSpace', 'ops': ['none', 'skip_connect', 'max_pool_3x3']}
    with pytest.raises(GenotypeError, match="'sep_conv_3x3' is not an operation of DARTSSpace"):
        build_derived(Genotype(smaller, cells), 'cifar10')
