"""Pictures with the boxes that a detector finds: what ``tools/predict.py`` calls."""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from ostrdet.apis.load_model import build_model, load_weights
from ostrdet.datasets.class_names import check_known_classes
from ostrdet.datasets.detection_data import check_head
from ostrdet.engine.runner import explained
from ostrdet.errors import InvalidValueError
from ostrdet.settings.classes import config_classes
from ostrdet.settings.load import DETECTION_SCOPE
from ostrdet.settings.train import load_config


def predict(
    config: str | Path | Config,
    checkpoint: str | Path,
    images: Sequence[str | Path],
    genotype: str | Path | None = None,
    out_dir: str | Path = 'predictions',
    score: float = 0.3,
    cfg_options: Sequence[str] = (),
) -> Iterator[tuple[Path, list[tuple[str, float]]]]:
    """Draw what a detector finds on images.

    Args:
        config: A config of a detector, or its file.
        checkpoint: A checkpoint of the runner, or a published file.
        images: Image files.
        genotype: As in :func:`ostrdet.apis.train.build_training`.
        out_dir: Folder of the pictures, which have the names of the images.
        score: Least score, in [0, 1], of a box that is drawn.
        cfg_options: Overrides, as 'key=value'.

    Yields:
        The file of each picture, and class and score of its boxes, best first.

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
    if cfg.get('default_scope') != DETECTION_SCOPE:
        raise InvalidValueError(
            f"'{config}' trains a classifier, and only detectors find boxes; give a config such as "
            'configs/retinanet/retinanet_p-darts_fpn_1x_coco.py'
        )
    detector, classes = _load(cfg, checkpoint)
    pipeline, visualizer = _tools(cfg, classes)
    for image in images:
        sample = _detect(detector, pipeline, str(image))
        out = Path(out_dir) / Path(image).name
        picture = pipeline.transforms[0]({'img_path': str(image)})['img'][..., ::-1]
        _draw(visualizer, np.ascontiguousarray(picture), sample, score, out)
        yield out, _found(sample, score, classes)


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
    return detector.to('cuda' if torch.cuda.is_available() else 'cpu').eval(), classes


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


def _found(sample: Any, score: float, classes: Sequence[str]) -> list[tuple[str, float]]:
    boxes = sample.pred_instances
    boxes = boxes[boxes.scores > score].cpu()
    return [
        (classes[label], value)
        for label, value in zip(boxes.labels.tolist(), boxes.scores.tolist(), strict=True)
    ]
