"""Annotation files: errors that name the file, categories by name, and what is left of the boxes."""

import io
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from ostrdet.datasets.coco_census import Census
from ostrdet.datasets.coco_content import AnnotationError
from ostrdet.structures.config_tree import innermost

#: What mmengine says of an empty data set.
_NO_IMAGE = 'need at least one array to concatenate'
#: Where mmdet's data sets are, once a config of a detector has been read.
_DATASETS = 'mmdet.datasets'


@contextmanager
def annotation_errors(dataloader: Any) -> Iterator[None]:
    """Builds the data set of ``dataloader`` with categories by name, and errors that name its file.

    What pycocotools prints on the way is dropped. A warning counts the boxes that are left out.

    Args:
        dataloader: Config of a dataloader; anything else, and data without such a file, passes.

    Raises:
        FileNotFoundError: If there is no annotation file.
        AnnotationError: If it is not COCO JSON, or has no box that can be used.
    """
    inner = innermost(dataloader.get('dataset')) if isinstance(dataloader, Mapping) else {}
    dataset = inner if isinstance(inner, Mapping) else {}
    path = _annotation_file(dataset)
    if path is not None and not path.is_file():
        raise FileNotFoundError(2, 'No such annotation file; give --data-root', str(path))
    found: list[Census] = []
    try:
        with _by_name(found):
            yield
    except AnnotationError:
        raise
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        if path is None:
            raise
        for census in found:
            census.check()  # without a box there is no image either
        raise AnnotationError(_explained(error, path)) from error
    for census in found:
        report(census, bool(dataset.get('test_mode')))


@contextmanager
def _by_name(found: list[Census]) -> Iterator[None]:
    """Let mmdet's data sets of COCO's form read their files by :class:`NamedCOCO`."""
    stock = getattr(sys.modules.get(_DATASETS), 'CocoDataset', None)
    if stock is None:
        yield
        return
    from ostrdet.datasets.named_coco import NamedCOCO

    reader, stock.COCOAPI = stock.COCOAPI, partial(NamedCOCO, found=found)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        stock.COCOAPI = reader


def report(census: Census, testing: bool) -> None:
    """Warn of the boxes that a data set leaves out, or stop where none is left.

    Args:
        census: What the data set keeps.
        testing: Whether it only measures. A file without any annotation, as of a test set that
            others evaluate, is left to the check of the metric then.

    Raises:
        AnnotationError: If no box is left.
    """
    if not testing or census.dropped:
        census.check()
    text = census.text(with_images=not testing)
    if text is not None:
        print_log(text, 'current', level=logging.WARNING)


def _explained(error: Exception, path: Path) -> str:
    if _NO_IMAGE in str(error):
        return (
            f"'{path}' leaves no image: filter_cfg of the data set takes none of its images, by their "
            'boxes (filter_empty_gt) or their size (min_size)'
        )
    return (
        f"'{path}' can't be read as COCO JSON ({type(error).__name__}: {error}); it needs the "
        'lists images, annotations (with image_id, category_id, bbox, area) and categories'
    )


def _annotation_file(dataset: Mapping[str, Any]) -> Path | None:
    if not str(dataset.get('ann_file', '')).endswith('.json'):
        return None
    return Path(dataset.get('data_root') or '') / dataset['ann_file']
