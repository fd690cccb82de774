"""What must fit before a detector trains or is measured: classes, boxes, image files, metrics."""

import filecmp
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from mmengine.logging import print_log
from torch import nn

from ostrdet.datasets.coco_content import AnnotationError, read_coco
from ostrdet.datasets.missing_data import MEND
from ostrdet.errors import InvalidValueError
from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import some


class Contents(NamedTuple):
    """What the samples of a data set of boxes are.

    Attributes:
        images: The file of every image, by id.
        has_boxes: Whether any image has a box that is no crowd.
    """

    images: dict[Any, str]
    has_boxes: bool


def check_boxes(dataset: Any, model: nn.Module, metrics: Sequence[Any] | None = None) -> None:
    """Check that a data set of boxes fits the detector, that its images are there, and its metrics.

    Data without boxes passes.

    Args:
        dataset: The data set, or one that wraps it.
        model: The network, maybe in the wrapper of distributed training.
        metrics: What measures it; None in training. They are prepared for the data set.

    Raises:
        FileNotFoundError: If images are missing.
        AnnotationError: If no box is left to learn or to measure, or a metric reads other boxes.
        InvalidValueError: If the head has another number of classes.
    """
    contents = _contents(dataset)
    if contents is None:
        return
    inner = innermost(dataset)
    file, classes = getattr(inner, 'ann_file', ''), inner.metainfo.get('classes')
    if classes is not None:
        check_head(classes, model)
    judged = [metric for metric in metrics or () if not getattr(metric, 'format_only', False)]
    if not contents.has_boxes and (metrics is None or judged):
        raise AnnotationError(
            f"'{file}' leaves no box to {'learn' if metrics is None else 'measure'}: it has no "
            'annotation of a class of the data set that is inside its image and no crowd'
        )
    _check_files(contents.images.values(), file)
    for metric in metrics or ():
        _prepare(metric, contents.images, classes, file)


def metric_files(evaluator: Any) -> list[str | None]:
    """The annotation file of every metric in the config of an evaluator; those of COCO are checked.

    Raises:
        FileNotFoundError, AnnotationError: If such a file is missing, or no COCO JSON.
    """
    metrics = evaluator.get('metrics', evaluator) if isinstance(evaluator, Mapping) else evaluator
    listed = metrics if isinstance(metrics, list | tuple) else [metrics]
    files = [metric.get('ann_file') if isinstance(metric, Mapping) else None for metric in listed]
    for file in files:
        if file is not None and str(file).endswith('.json'):
            read_coco(file)
    return files


def innermost(dataset: Any) -> Any:
    """The data set inside those that repeat it or take a part of it."""
    while hasattr(dataset, 'dataset'):
        dataset = dataset.dataset
    return dataset


def _contents(dataset: Any) -> Contents | None:
    if not hasattr(dataset, 'get_data_info') or not len(dataset):
        return None
    if 'instances' not in dataset.get_data_info(0):
        return None
    images, has_boxes = {}, False
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        images[info.get('img_id', index)] = info['img_path']
        has_boxes |= any(not box.get('ignore_flag', 0) for box in info['instances'])
    return Contents(images, has_boxes)


def _num_classes(model: nn.Module) -> int | None:
    """The classes of the box head; a proposal head, which has one, is none."""
    heads = (m for name, m in unwrapped(model).named_modules() if 'rpn' not in name)
    found: list[int] = [head.num_classes for head in heads if hasattr(head, 'num_classes')]
    return found[0] if found else None


def check_head(classes: Sequence[str], model: nn.Module) -> None:
    """Check that the head of a detector has as many classes as there are names.

    Raises:
        InvalidValueError: If it has not.
    """
    num_classes = _num_classes(model)
    if num_classes not in (None, len(classes)):
        raise InvalidValueError(
            f'the head of the detector has {num_classes} classes, the data set {len(classes)} '
            f'({some(classes)}): set num_classes of the head to {len(classes)}, or metainfo.classes '
            'of the data set'
        )


def _check_files(paths: Iterable[str], annotations: str) -> None:
    """Compare with listings of the folders, which are faster than a look at every file."""
    listings: dict[Path, set[str]] = {}
    wanted = [Path(path) for path in paths]
    for folder in {path.parent for path in wanted}:
        listings[folder] = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
    # A file system that knows no case lists another name than it opens
    missing = [p for p in wanted if p.name not in listings[p.parent] and not p.is_file()]
    if not missing:
        return
    first = missing[0]
    # Another suffix, or another case
    close = [n for n in listings[first.parent] if Path(n).stem.lower() == first.stem.lower()]
    hint = f" (there is '{min(close)}')" if close else ''
    raise FileNotFoundError(
        f"'{annotations}': {len(missing):,} of {len(wanted):,} images are not there, such as "
        f"'{first}'{hint}; each is at data_root + data_prefix.img + file_name. {MEND}"
    )


def _prepare(metric: Any, images: Mapping[Any, str], classes: Any, file: str) -> None:
    """Let a metric of COCO's form measure the boxes of these images, by the names of the classes."""
    api = getattr(metric, '_coco_api', None)
    if api is None or classes is None:
        return
    from ostrdet.datasets.named_coco import name_categories

    path = str(getattr(metric, 'ann_file', None) or 'ann_file')
    strange = [key for key, image in images.items() if not _is_same_image(api.imgs.get(key), image)]
    if strange:
        raise AnnotationError(
            f"evaluator.ann_file='{path}' is not of this data set, which reads '{file}': "
            f'{len(strange):,} of its {len(images):,} images are not in it, such as that of id '
            f"{strange[0]} ('{images[strange[0]]}'); give both the same file"
        )
    metric.cat_ids = name_categories(api, classes, path)
    metric.img_ids = list(images)
    if file and Path(path).is_file() and not filecmp.cmp(path, file, shallow=False):
        print_log(
            f"evaluator.ann_file='{path}' is another file than '{file}' of the data set; boxes are "
            'measured by the former',
            'current',
            level=logging.WARNING,
        )


def _is_same_image(entry: Mapping[str, Any] | None, path: str) -> bool:
    return entry is not None and PurePath(entry['file_name']).name == PurePath(path).name
