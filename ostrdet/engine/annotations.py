"""Annotation files: errors that name the file, and categories that fit the classes."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

_SHOWN = 3
#: What mmengine says of an empty data set.
_NO_IMAGE = 'need at least one array to concatenate'


@contextmanager
def annotation_errors(dataloader: Any) -> Iterator[None]:
    """Names the annotation file in the errors that building ``dataloader`` raises.

    What pycocotools prints on the way is dropped.

    Args:
        dataloader: Config of a dataloader; anything else, and data without such a file, passes.

    Raises:
        FileNotFoundError: If there is no annotation file.
        ValueError: If it is not COCO JSON.
    """
    path = _annotation_file(dataloader)
    if path is None:
        yield
        return
    if not path.is_file():
        raise FileNotFoundError(2, 'No such annotation file; give --data-root', str(path))
    try:
        with redirect_stdout(io.StringIO()):
            yield
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        if _NO_IMAGE in str(error):
            raise ValueError(
                f"'{path}' leaves no image: none has a box of the classes of the data set. Its "
                f'categories are {_some(_category_names(path))}; set metainfo=dict(classes=...) of '
                'the data set to them'
            ) from error
        raise ValueError(
            f"'{path}' can't be read as COCO JSON ({type(error).__name__}: {error}); it needs the "
            'lists images, annotations (with image_id, category_id, bbox, area) and categories'
        ) from error


def check_annotations(dataset: Any, num_classes: int | None) -> None:
    """Check that the categories of a COCO data set fit its classes, and these the head.

    mmdet leaves out what does not fit without a word, and would train on no boxes at all.

    Args:
        dataset: The data set, or one that wraps it.
        num_classes: Classes of the head, or None.

    Raises:
        ValueError: If the head has another number of classes, if a class has no category, or no box
            belongs to a class.
    """
    while hasattr(dataset, 'dataset'):
        dataset = dataset.dataset
    classes, found = dataset.metainfo.get('classes'), getattr(dataset, 'cat_ids', None)
    if classes is None or found is None:
        return
    if isinstance(classes, str):
        raise ValueError(f"metainfo.classes='{classes}' is no list; write ('{classes}',)")
    if num_classes is not None and num_classes != len(classes):
        raise ValueError(
            f'the head of the detector has {num_classes} classes, the data set {len(classes)} '
            f'({_some(classes)}): set num_classes of the head to {len(classes)}, or metainfo.classes '
            'of the data set'
        )
    if len(found) != len(classes):
        raise ValueError(_unknown_classes(dataset.ann_file, classes))
    _check_boxes(dataset, found)


def _check_boxes(dataset: Any, found: Sequence[int]) -> None:
    used = {category for category, images in dataset.cat_img_map.items() if images}
    others = sorted(used - set(found))
    if not others:
        return
    text = (
        f"'{dataset.ann_file}': boxes of the category ids {_some(others)} belong to no class of the "
        'data set'
    )
    if len(others) == len(used):
        raise ValueError(f'{text}, and there are no others; mend category_id or metainfo.classes')
    print_log(f'{text}, and are left out', 'current', level=30)


def _category_names(path: str | Path) -> list[str]:
    return [entry['name'] for entry in json.loads(Path(path).read_bytes())['categories']]


def _unknown_classes(path: str, classes: Sequence[str]) -> str:
    names = _category_names(path)
    missing = [name for name in classes if name not in names]
    what = f'no category for {_some(missing)}' if missing else 'a category name twice'
    return (
        f"'{path}' has {what}; it has {_some(names)}. Set metainfo=dict(classes=...) of the data set "
        'to names of its categories, in their order'
    )


def _annotation_file(dataloader: Any) -> Path | None:
    dataset = dataloader.get('dataset') if isinstance(dataloader, Mapping) else None
    while isinstance(dataset, Mapping) and isinstance(dataset.get('dataset'), Mapping):
        dataset = dataset['dataset']
    if not isinstance(dataset, Mapping) or not str(dataset.get('ann_file', '')).endswith('.json'):
        return None
    return Path(dataset.get('data_root') or '') / dataset['ann_file']


def _some(values: Sequence[Any]) -> str:
    shown = ', '.join(map(repr, values[:_SHOWN]))
    return shown + (f' and {len(values) - _SHOWN} more' if len(values) > _SHOWN else '')
