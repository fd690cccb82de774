"""Pictures with what a detector or a classifier finds: what ``tools/predict.py`` calls."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from ostrdet.apis.load_model import build_model, image_size, load_trained, load_weights
from ostrdet.datasets.class_names import check_known_classes, saved_classes
from ostrdet.datasets.detection_data import check_head
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.engine.runner import explained
from ostrdet.errors import InvalidValueError
from ostrdet.settings.classes import config_classes
from ostrdet.settings.load import DETECTION_SCOPE
from ostrdet.settings.train import load_config
from ostrdet.structures.config_tree import innermost

#: Classes that are named of an image.
TOP = 5
#: Pixels of the short edge that a picture with text on it has at least.
READABLE = 224
LOADERS = ('LoadImage', 'LoadImageFromFile')

#: Class and score, best first.
Found = list[tuple[str, float]]
#: Looks at the first file, writes a picture of what it finds to the second.
Find = Callable[[str, Path], Found]


class Prediction(NamedTuple):
    """The file of a picture, what was found in the image, and whether that is a box each."""

    path: Path
    found: Found
    of_boxes: bool


def predict(
    config: str | Path | Config,
    checkpoint: str | Path,
    images: Sequence[str | Path],
    genotype: str | Path | None = None,
    out_dir: str | Path = 'predictions',
    score: float = 0.3,
    cfg_options: Sequence[str] = (),
) -> Iterator[Prediction]:
    """Draw the boxes that a detector finds on images, or the class that a classifier gives them.

    Where a classifier learnt small images that lie in memory, as those of CIFAR, images are scaled to
    their size.

    Args:
        config: A config of a detector or a classifier, or its file.
        checkpoint: A checkpoint of the runner, or a published file.
        images: Image files.
        genotype: As in :func:`ostrdet.apis.train.build_training`.
        out_dir: Folder of the pictures, which have the names of the images.
        score: Least score, in [0, 1], of a box that is drawn; a classifier takes none.
        cfg_options: Overrides, as 'key=value'.

    Yields:
        The prediction of each image: the classes of its boxes, or the five likeliest of the image.

    Raises:
        FileNotFoundError: If a file is missing.
        InvalidValueError: If the checkpoint does not fit, or has other classes than the config, an
            image is damaged, a picture would replace an image or another picture, or ``score`` is
            out of its range.
    """
    if not 0 <= score <= 1:
        raise InvalidValueError(f'--score={score}, expected a score in [0, 1]')
    _check_names(images, Path(out_dir))
    cfg = load_config(config, genotype, cfg_options=cfg_options)
    is_detector = cfg.get('default_scope') == DETECTION_SCOPE
    find = _detector(cfg, checkpoint, score) if is_detector else _classifier(cfg, checkpoint)
    for image in images:
        out = Path(out_dir) / Path(image).name
        yield Prediction(out, find(str(image), out), is_detector)


def _device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def _classifier(cfg: Config, checkpoint: str | Path) -> Find:
    from mmpretrain.visualization import UniversalVisualizer

    model: Any
    cfg, model = load_trained(cfg, checkpoint)
    classes: Sequence[str] = saved_classes(read_checkpoint(checkpoint)) or config_classes(cfg)
    labels = range(cfg.model.head.num_classes)
    classes = classes if len(classes) == len(labels) else [str(label) for label in labels]
    load, transform = _steps(cfg, model)
    model.to(_device())
    visualizer = UniversalVisualizer()

    @torch.no_grad()
    def find(image: str, out: Path) -> Found:
        loaded = load({'img_path': image})
        picture = np.ascontiguousarray(loaded['img'][..., ::-1])
        data = transform(loaded)
        (sample,) = model.test_step({key: [value] for key, value in data.items()})
        scores = sample.pred_score.cpu()
        short = min(picture.shape[:2])
        resize = READABLE if short < READABLE else None
        visualizer.visualize_cls(
            picture, sample.cpu(), classes, draw_gt=False, resize=resize, out_file=str(out)
        )
        top = scores.topk(min(TOP, len(scores)))
        found = zip(top.indices.tolist(), top.values.tolist(), strict=True)
        return [(classes[label], value) for label, value in found]

    return find


def _steps(cfg: Config, model: Any) -> tuple[Any, Callable[[dict[str, Any]], dict[str, Any]]]:
    """What reads an image into 'img', (H, W, 3), BGR, and what makes a test sample of it."""
    dataset: Any = innermost(cfg.test_dataloader.dataset)
    steps = list(dataset.pipeline)
    is_read = bool(steps) and str(steps[0]['type']).rpartition('.')[2] in LOADERS
    with explained(cfg), DefaultScope.overwrite_default_scope(cfg.default_scope):
        load = Compose(steps[:1] if is_read else [{'type': 'ostrdet.LoadImage'}])
        rest = Compose(steps[1:] if is_read else steps)
    if is_read:
        return load, rest
    height, width = image_size(cfg, model)
    is_rgb = dataset.get('channel_order', 'bgr' if 'preload_size' in dataset else 'rgb') == 'rgb'

    def transform(loaded: dict[str, Any]) -> dict[str, Any]:
        """As the data set keeps its images in memory."""
        image = cv2.resize(loaded['img'], (width, height), interpolation=cv2.INTER_AREA)
        image = np.ascontiguousarray(image[..., ::-1]) if is_rgb else image
        sample: dict[str, Any] = rest({**loaded, 'img': image, 'img_shape': (height, width)})
        return sample

    return load, transform


def _detector(cfg: Config, checkpoint: str | Path, score: float) -> Find:
    detector, classes = _load(cfg, checkpoint)
    pipeline, visualizer = _tools(cfg, classes)

    def find(image: str, out: Path) -> Found:
        sample = _detect(detector, pipeline, image)
        picture = pipeline.transforms[0]({'img_path': image})['img'][..., ::-1]
        _draw(visualizer, np.ascontiguousarray(picture), sample, score, out)
        return _found(sample, score, classes)

    return find


def _check_names(images: Sequence[str | Path], out_dir: Path) -> None:
    for image in images:
        if not Path(image).is_file():
            raise FileNotFoundError(2, 'No such image', str(image))
        if Path(image).resolve().parent == out_dir.resolve():
            raise InvalidValueError(
                f"--out-dir='{out_dir}' is the folder of '{image}', which would be lost"
            )
    name, times = Counter(Path(image).name for image in images).most_common(1)[0]
    if times > 1:
        raise InvalidValueError(
            f"{times} images are called '{name}', and their pictures would be too"
        )


def _load(cfg: Config, checkpoint: str | Path) -> tuple[Any, tuple[str, ...]]:
    """The detector, and the names of its classes: those of the training, if the checkpoint tells."""
    detector = build_model(cfg)
    saved, given = load_weights(detector, checkpoint), config_classes(cfg)
    check_known_classes(given, saved, 'the data set of the config', str(checkpoint))
    classes = saved or given
    check_head(classes, detector)
    return detector.to(_device()).eval(), classes


def _tools(cfg: Config, classes: Sequence[str]) -> tuple[Compose, Any]:
    """The transforms of a test image, and what draws boxes on it."""
    from mmdet.visualization import DetLocalVisualizer

    dataset = cfg.test_dataloader.dataset
    steps = [step for step in dataset.pipeline if step['type'] != 'LoadAnnotations']
    with explained(cfg), DefaultScope.overwrite_default_scope(cfg.default_scope):
        pipeline = Compose(steps)
        visualizer = DetLocalVisualizer()
        meta = DATASETS.build({**dataset, 'lazy_init': True}).metainfo
        visualizer.dataset_meta = {**meta, 'classes': classes}
    return pipeline, visualizer


@torch.no_grad()
def _detect(detector: Any, pipeline: Compose, image: str) -> Any:
    data = pipeline({'img_path': image, 'img_id': 0, 'instances': []})
    (sample,) = detector.test_step({key: [value] for key, value in data.items()})
    return sample


def _draw(visualizer: Any, image: np.ndarray, sample: Any, score: float, out: Path) -> None:
    with warnings.catch_warnings():
        # That a box ends with the image, and that mmdet clips tensors with numpy
        warnings.simplefilter('ignore')
        visualizer.add_datasample(
            out.name, image, sample, draw_gt=False, pred_score_thr=score, out_file=str(out)
        )


def _found(sample: Any, score: float, classes: Sequence[str]) -> Found:
    boxes = sample.pred_instances
    boxes = boxes[boxes.scores > score].cpu()
    return [
        (classes[label], value)
        for label, value in zip(boxes.labels.tolist(), boxes.scores.tolist(), strict=True)
    ]
