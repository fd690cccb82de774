"""Networks by name and size: what was asked for, and what is said of wrong names."""

from typing import Any

import pytest
import torch

from ostrdet.errors import UserError, one_line
from ostrdet.models.networks import DerivedCellBackbone, DerivedClassifier
from ostrdet.networks import build_backbone, build_derived
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Layout


def test_a_classifier_has_the_size_that_was_asked_for() -> None:
    network = build_derived('darts_v2', 'cifar10', num_classes=7, channels=4, num_cells=5)
    layout = Layout('CIFARStem', 4, 5, 10, image_size=32, aux_pool_stride=3)
    expected = DerivedClassifier(get_genotype('darts_v2'), layout, 7, aux=False)
    found, wanted = network.state_dict(), expected.state_dict()
    assert {k: v.shape for k, v in found.items()} == {k: v.shape for k, v in wanted.items()}
    assert len(network.backbone.plan.layers) == 5
    assert network.eval()(torch.randn(2, 3, 32, 32)).shape == (2, 7)


def test_a_name_a_text_and_a_genotype_give_the_same_network() -> None:
    genotype = get_genotype('nb201_resnet')
    text = build_space(genotype.space).format(genotype)
    found = []
    for source in ('nb201_resnet', genotype, genotype.to_dict(), text):
        torch.manual_seed(0)
        network = build_derived(source, 'cifar10', channels=4, num_cells=1)
        found.append((network.backbone.genotype.cells, network.eval()(torch.ones(1, 3, 8, 8))))
    assert all(cells == found[0][0] for cells, _ in found[1:])
    assert all(torch.equal(logits, found[0][1]) for _, logits in found[1:])


@torch.no_grad()
@pytest.mark.parametrize(
    ('name', 'layout', 'out_indices'),
    [
        ('p-darts', 'imagenet', (0, 1, 2)),
        ('p-darts', 'imagenet', (-1,)),
        ('pc-darts_c10', 'cifar10', (0, 2)),
        ('nb201_resnet', 'cifar10', (1, 2)),
    ],
)
def test_channels_and_strides_are_those_of_the_feature_maps(
    name: str, layout: str, out_indices: tuple[int, ...]
) -> None:
    backbone = build_backbone(name, layout, out_indices, channels=4, num_cells=3).eval()
    assert isinstance(backbone, DerivedCellBackbone)
    features = backbone(torch.randn(1, 3, 65, 96))
    assert tuple(feature.shape[1] for feature in features) == backbone.channels
    sizes = tuple(tuple(feature.shape[2:]) for feature in features)
    assert sizes == tuple((-(-65 // s), 96 // s) for s in backbone.strides)
    assert len(features) == len(out_indices)


def test_further_options_are_those_of_the_backbone() -> None:
    backbone = build_backbone('p-darts', channels=4, num_cells=3, frozen_stages=1, norm_eval=True)
    assert (backbone.frozen_stages, backbone.norm_eval) == (1, True)


@pytest.mark.parametrize(
    ('build', 'arguments', 'options', 'message'),
    [
        (build_derived, ('dart_v2', 'cifar10'), {}, "no genotype 'dart_v2'.*mean 'darts_v2'"),
        (build_derived, ('darts_v2', 'cifar'), {}, "unknown layout 'cifar'.*mean 'cifar10'"),
        (build_derived, ('darts_v2', 'cifar10'), {'num_classes': 0}, 'num_classes=0, expected at'),
        (build_derived, ('darts_v2', 'cifar10'), {'channels': 0}, 'channels=0, expected at least'),
        (build_backbone, ('p_dart',), {}, "no genotype 'p_dart'.*mean 'p-darts'"),
        (build_backbone, ('p-darts',), {'frozen_stage': 1}, "'frozen_stage'.*mean 'frozen_stages'"),
        (build_backbone, ('p-darts',), {'out_indices': (3,)}, 'out_indices=3, expected -3 to 2'),
        (build_backbone, ('nb201_resnet',), {}, "unknown layout 'imagenet' of NASBench201Space"),
    ],
)
def test_wrong_names_and_numbers_are_one_line(
    build: Any, arguments: tuple[str, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        build(*arguments, **options)
    assert one_line(caught.value) == caught.value.args[0]
