"""The trained classifier: its losses, its names, and that it is the plain one."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample

from ostrdet.models.mmpretrain_classifier import AuxiliaryClsHead, DerivedImageClassifier
from ostrdet.models.networks import DerivedClassifier
from ostrdet.registry import MODELS
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Layout

LAYOUT = Layout('CIFARStem', 4, 3, 5, image_size=32, aux_pool_stride=3)
BACKBONE = {
    'type': 'DerivedCellBackbone',
    'genotype': 'darts_v2',
    'channels': 4,
    'num_cells': 3,
}
HEAD = {'type': 'ostrdet.AuxiliaryClsHead', 'num_classes': 5, 'aux': {'pool_stride': 3}}
LABELS = torch.tensor([0, 3, 4])


def classifier(
    head: dict[str, Any] | None = None, backbone: dict[str, Any] | None = None
) -> DerivedImageClassifier:
    torch.manual_seed(0)
    config = {
        'type': 'DerivedImageClassifier',
        'backbone': {**BACKBONE, **(backbone or {})},
        'head': {**HEAD, **(head or {})},
    }
    return MODELS.build(config)


def samples() -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in LABELS]


@pytest.mark.parametrize('smoothing', [0.0, 0.1])
def test_the_loss_is_that_of_both_heads(smoothing: float) -> None:
    loss = {
        'type': 'mmpretrain.LabelSmoothLoss',
        'label_smooth_val': smoothing,
        'mode': 'original',
        'num_classes': 5,
    }
    head = {'aux_weight': 0.3, **({'loss': loss} if smoothing else {})}
    model = classifier(head).train()
    images = torch.randn(3, 3, 32, 32)
    torch.manual_seed(1)
    losses = model(images, samples(), mode='loss')
    torch.manual_seed(1)
    aux, last = model.backbone(images)
    logits = last.flatten(2).mean(dim=2) @ model.head.fc.weight.T + model.head.fc.bias
    expected = {
        'loss_cls': F.cross_entropy(logits, LABELS, label_smoothing=smoothing),
        'loss_aux': 0.3 * F.cross_entropy(model.head.aux(aux), LABELS, label_smoothing=smoothing),
    }
    assert set(losses) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, rtol=1e-5, atol=1e-6)
    total, logged = model.parse_losses(losses)
    torch.testing.assert_close(total, sum(expected.values()), rtol=1e-5, atol=1e-6)
    assert logged['loss'] == total


def test_without_auxiliary_head_there_is_one_loss() -> None:
    model = classifier({'aux': None}).train()
    assert set(model(torch.randn(3, 3, 8, 8), samples(), mode='loss')) == {'loss'}
    assert len(model.backbone(torch.randn(3, 3, 8, 8))) == 1


def test_the_auxiliary_head_is_off_at_test_time() -> None:
    model = classifier().eval()
    model.head.aux.forward = pytest.fail
    images = torch.randn(3, 3, 8, 8)  # too small for it as well
    predicted = model(images, samples(), mode='predict')
    scores = torch.stack([sample.pred_score for sample in predicted])
    torch.testing.assert_close(scores, model(images).softmax(dim=1))
    assert set(model(images, samples(), mode='loss')) == {'loss'}


def test_it_is_the_plain_classifier_by_name_and_number() -> None:
    trained, plain = classifier(), DerivedClassifier(get_genotype('darts_v2'), LAYOUT, 5, aux=True)
    plain.load_state_dict(trained.state_dict())
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(plain.eval()(images), trained.eval()(images))
    logits, auxiliary = plain.train()(images)
    features = trained.train().backbone(images)
    torch.testing.assert_close(auxiliary, trained.head.aux(features[0]))
    torch.testing.assert_close(logits, trained.head(features))


@pytest.mark.parametrize(('genotype', 'width'), [('nasnet-a', 3), ('darts_v2', 4)])
def test_the_head_fits_any_genotype(genotype: str, width: int) -> None:
    model = classifier(backbone={'genotype': genotype})
    assert model.head.fc.in_features == model.head.aux.features[2].in_channels == width * 16


def test_the_initialisation_is_that_of_torch() -> None:
    torch.manual_seed(0)
    head = AuxiliaryClsHead(5, 64)
    head.init_weights()
    assert 0.1 < head.fc.weight.abs().max() <= 1 / 8  # uniform in +- 1 / sqrt(64)


def test_a_space_without_auxiliary_head_refuses_one() -> None:
    with pytest.raises(
        ValueError, match=r'NASBench201Space has no auxiliary head; set model\.head'
    ):
        classifier(backbone={'genotype': 'nb201_resnet'})


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r'model\.head\.aux_weight=-1, expected at least 0'):
        classifier({'aux_weight': -1})


def test_features_too_small_for_the_auxiliary_head_are_named() -> None:
    with pytest.raises(ValueError, match='features of 4x4 pixels, expected at least 8x8'):
        classifier().train()(torch.randn(3, 3, 16, 16), samples(), mode='loss')
