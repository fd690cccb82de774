"""The pipelines of ImageNet hand over the pixels of torchvision, to the last bit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torchvision.transforms.functional as F
from mmengine.config import Config
from mmpretrain.structures import DataSample
from PIL import Image
from torch import Tensor
from torchvision.transforms import CenterCrop, Compose, Normalize, PILToTensor, Resize, ToTensor

from ostrdet.compat import import_quietly
from ostrdet.registry import MODELS, TRANSFORMS

import_quietly()

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted(
    path
    for kind in ('search', 'retrain')
    for path in (CONFIGS / kind).glob('*in1k*.py')
    if 'unnas-' not in path.name  # its task changes the images
)
NAMES = [f'{path.parent.name}-{path.stem}' for path in LEAVES]
TURNED = 'turned.jpg'
OWN_PHOTOGRAPHS = 'darts_in1k-folder'
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
pytestmark = pytest.mark.filterwarnings("ignore:Only use 'alpha' for pillow:UserWarning")


@pytest.fixture(scope='module')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Images as ImageNet has them: large, small, tall, grey, for print, with alpha, and turned."""
    folder, random = tmp_path_factory.mktemp('pictures'), np.random.default_rng(0)

    def noise(width: int, height: int) -> Image.Image:
        coarse = random.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
        smooth = cv2.resize(coarse, (width, height)) + random.integers(0, 40, (height, width, 3))
        return Image.fromarray(smooth.clip(0, 255).astype(np.uint8))

    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation: a quarter turn
    noise(500, 375).save(folder / 'wide.jpg')
    noise(333, 487).save(folder / 'tall.jpg')
    noise(130, 90).save(folder / 'small.jpg')
    noise(401, 300).convert('L').save(folder / 'grey.jpg')
    noise(300, 280).convert('CMYK').save(folder / 'print.jpg')
    noise(310, 270).convert('RGBA').save(folder / 'alpha.png')
    noise(420, 300).save(folder / TURNED, exif=exif)
    return sorted(folder.iterdir())


class Pipeline:
    """The transforms of a config.

    Attributes:
        drawn: The numbers that were drawn at random last, by the method that drew them.
    """

    def __init__(self, steps: Any, scope: str) -> None:
        self.drawn: dict[str, Any] = {}
        self.transforms = []
        for step in steps:
            name = step['type'] if '.' in step['type'] else f'{scope}.{step["type"]}'
            self.transforms.append(TRANSFORMS.build({**step, 'type': name}))
            for method in getattr(self.transforms[-1], '_methods_with_randomness', ()):
                setattr(self.transforms[-1], method, self._noted(self.transforms[-1], method))

    def _noted(self, transform: Any, method: str) -> Callable[..., Any]:
        draw = getattr(transform, method)

        def drawing(*args: Any) -> Any:
            self.drawn[method] = draw(*args)
            return self.drawn[method]

        return drawing

    def __call__(self, path: Path) -> Tensor:
        """The image as RGB, (3, H, W), uint8."""
        results: Any = {'img_path': str(path), 'gt_label': 0}
        for transform in self.transforms:
            results = transform(results)
        return results['inputs'].flip(0)


def opened(path: Path, leaf: Path) -> Image.Image:
    """As torchvision's ImageFolder opens it; one's own photographs are turned as their EXIF says."""
    image: Image.Image = Image.open(path).convert('RGB')
    turn = path.name == TURNED and leaf.stem == OWN_PHOTOGRAPHS
    return image.transpose(Image.Transpose.ROTATE_270) if turn else image


def pictures_for(leaf: Path, pictures: list[Path]) -> list[Path]:
    """All that the config decodes by pillow; OpenCV has its own way with those for print."""
    own = leaf.stem == OWN_PHOTOGRAPHS
    return [picture for picture in pictures if not (own and picture.name == 'print.jpg')]


def test_all_configs_are_there() -> None:
    assert len(LEAVES) == 6


@pytest.mark.parametrize('leaf', LEAVES, ids=NAMES)
def test_images_of_a_test(leaf: Path, pictures: list[Path]) -> None:
    config = Config.fromfile(leaf)
    pipeline = Pipeline(config.val_dataloader.dataset.pipeline, config.default_scope)
    shrink = [Resize(256), CenterCrop(224)]
    preprocess = MODELS.build(
        {**config.data_preprocessor, 'type': 'mmpretrain.ClsDataPreprocessor'}
    )
    for picture in pictures_for(leaf, pictures):
        found, image = pipeline(picture), opened(picture, leaf)
        assert torch.equal(found, Compose([*shrink, PILToTensor()])(image)), picture.name
        batch = {'inputs': [found.flip(0)], 'data_samples': [DataSample()]}
        expected = Compose([*shrink, ToTensor(), Normalize(MEAN, STD)])(image)
        torch.testing.assert_close(preprocess(batch)['inputs'][0], expected, rtol=0, atol=2e-6)


def jittered(image: Image.Image, order: Any, *strengths: float) -> Image.Image:
    steps = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
    for index in order:
        image = steps[index](image, strengths[index])
    return image


@pytest.mark.parametrize('leaf', LEAVES, ids=NAMES)
def test_images_of_a_training(leaf: Path, pictures: list[Path]) -> None:
    """With the numbers that our transforms draw; RandAugment is mmpretrain's own."""
    config = Config.fromfile(leaf)
    steps = config.train_dataloader.dataset.pipeline
    known = [step for step in steps if step['type'] != 'RandAugment']
    pipeline = Pipeline(known, config.default_scope)
    flips = set()
    for seed, picture in enumerate(pictures_for(leaf, pictures)):
        np.random.seed(seed)
        found, drawn = pipeline(picture), pipeline.drawn
        expected = F.resized_crop(opened(picture, leaf), *drawn['rand_crop_params'], [224, 224])
        if drawn['_choose_direction']:
            expected = F.hflip(expected)
        if '_rand_params' in drawn:
            expected = jittered(expected, *drawn['_rand_params'])
        assert torch.equal(found, F.pil_to_tensor(expected)), picture.name
        flips.add(drawn['_choose_direction'])
    assert flips == {None, 'horizontal'}


@pytest.mark.parametrize('leaf', LEAVES, ids=NAMES)
def test_colours_are_jittered_in_the_training_alone(leaf: Path) -> None:
    """PC-DARTS searches without; RandAugment takes its place."""
    steps = Config.fromfile(leaf).train_dataloader.dataset.pipeline
    jitters = [{**step} for step in steps if step['type'].endswith('ColorJitter')]
    strengths = {'brightness': 0.4, 'contrast': 0.4, 'saturation': 0.4, 'hue': 0.2}
    if leaf.parent.name == 'search' or leaf.stem.endswith('-aug'):
        assert jitters == []
    else:
        assert jitters == [{'type': 'ColorJitter', **strengths}]
