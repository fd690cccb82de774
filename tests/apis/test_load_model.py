"""The size of test images as a config tells it; classifiers reduced to their logits."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.compat import import_quietly

import_quietly()

from mmengine.config import Config  # noqa: E402  # it would import the mm libraries aloud

from ostrdet.apis.load_model import Logits, build_model, image_size, load_trained, random_images  # noqa: E402
from ostrdet.networks import build_derived  # noqa: E402
from ostrdet.settings.train import load_config  # noqa: E402
from ostrdet.spaces.zoo import get_genotype  # noqa: E402

LENET = {
    'type': 'ImageClassifier',
    'backbone': {'type': 'LeNet5'},
    'head': {'type': 'LinearClsHead', 'num_classes': 10, 'in_channels': 84},
}


def tiny(root: Path, name: str, overrides: dict[str, Any] | None = None) -> Config:
    cfg = Config.fromfile(root / 'configs' / 'retrain' / f'{name}.py')
    cfg.merge_from_dict({'model.backbone.channels': 4, **(overrides or {})})
    return load_config(cfg)


@pytest.mark.parametrize(
    ('name', 'pixels'),
    [
        ('nb201_digits', 16),  # the data set says it
        ('darts_c10', 32),  # the layout
        ('darts_c10-folder', 32),
        ('nb201_in16-120', 16),  # the layout with as many classes
        ('darts_in1k', 224),  # the crop
    ],
)
def test_image_size_is_that_of_the_test_images(repo_root: Path, name: str, pixels: int) -> None:
    cfg = tiny(repo_root, name)
    assert image_size(cfg, build_model(cfg)) == (pixels, pixels)


def test_last_crop_counts_and_may_be_a_rectangle(repo_root: Path) -> None:
    cfg = tiny(repo_root, 'darts_in1k')
    model = build_model(cfg)
    cfg.test_dataloader.dataset.pipeline.append({'type': 'CenterCrop', 'crop_size': (97, 65)})
    assert image_size(cfg, model) == (97, 65)


def test_image_size_of_a_classifier_without_space_must_be_given(repo_root: Path) -> None:
    cfg = tiny(repo_root, 'darts_c10')
    cfg.model = LENET
    with pytest.raises(ValueError, match='does not tell the size of its test images; give --size'):
        image_size(cfg, build_model(cfg))


@torch.no_grad()
def test_logits_are_those_of_the_plain_modules(repo_root: Path) -> None:
    model = build_model(tiny(repo_root, 'darts_c10', {'model.backbone.num_cells': 3}))
    assert model.head.aux is not None
    images = torch.randn(2, 3, 16, 16)
    expected = model.head.fc(model.backbone(images)[-1].mean(dim=(-2, -1)))
    network = Logits(model)
    torch.testing.assert_close(network(images), expected, rtol=0, atol=0)
    assert not network.training
    assert not any('aux' in key for key in network.state_dict())


def test_logits_are_those_of_a_classifier(repo_root: Path) -> None:
    model = build_model(tiny(repo_root, 'darts_c10', {'model.backbone.num_cells': 3}))
    with pytest.raises(TypeError, match=r'model\.type=DerivedCellBackbone, expected a classifier'):
        Logits(model.backbone)


@pytest.mark.parametrize(('batch', 'size'), [(0, (8, 8)), (1, (0, 8)), (1, (8, -3))])
def test_random_images_need_a_pixel_at_least(batch: int, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match='at least 1'):
        random_images(batch, size)


@pytest.mark.parametrize('aux', [False, True])
def test_a_bare_state_dict_of_a_derived_network_loads(
    repo_root: Path, tmp_path: Path, aux: bool
) -> None:
    network = build_derived(get_genotype('darts_v1'), 'cifar10', aux=aux)
    torch.save(network.state_dict(), tmp_path / 'mine.pth')
    config = repo_root / 'configs' / 'retrain' / 'darts_c10.py'
    _, model = load_trained(config, tmp_path / 'mine.pth', 'darts_v1')
    assert (model.head.aux is not None) == aux
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(Logits(model)(images), network.eval()(images), rtol=0, atol=0)


def test_a_state_dict_that_lacks_more_is_refused(repo_root: Path, tmp_path: Path) -> None:
    state = build_derived(get_genotype('darts_v1'), 'cifar10').state_dict()
    state.pop('head.fc.bias')
    torch.save(state, tmp_path / 'mine.pth')
    config = repo_root / 'configs' / 'retrain' / 'darts_c10.py'
    with pytest.raises(ValueError, match=r'1 keys missing \(head\.fc\.bias\)'):
        load_trained(config, tmp_path / 'mine.pth', 'darts_v1')
