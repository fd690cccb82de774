"""Names of classes: a label means what it meant when the weights learnt it."""

import difflib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmengine.runner import BaseLoop

from ostrdet.errors import InvalidValueError
from ostrdet.registry import some
from ostrdet.structures.config_tree import value_at

#: Where samples hold labels: one of the image, or one of every box.
_LABEL, _BOXES, _BOX_LABEL = 'gt_label', 'instances', 'bbox_label'


def class_names(dataset: Any) -> tuple[str, ...]:
    """The names of the classes of a data set, in the order of the labels; none if it has none."""
    meta = getattr(dataset, 'metainfo', None)
    found = meta.get('classes') if isinstance(meta, Mapping) else None
    return (found,) if isinstance(found, str) else tuple(map(str, found or ()))


def saved_classes(checkpoint: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the classes that a checkpoint was trained on; none if it does not tell."""
    found = value_at(checkpoint, 'meta.dataset_meta.classes')
    if found is None:  # of a published file
        found = value_at(checkpoint, 'dataset_meta.classes')
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def check_parts(dataset: Any, key: str) -> None:
    """Check that a data set which joins others gives a label one meaning.

    Args:
        dataset: Any data set.
        key: Its config key, for the message.

    Raises:
        InvalidValueError: If its parts have other classes, another order of them, or other
            metainfo.
    """
    parts: Sequence[Any] = getattr(dataset, 'datasets', ())
    for index, part in enumerate(parts):
        place = f'{key}.datasets.{index}'
        check_parts(part, place)
        check_same_classes(class_names(part), class_names(parts[0]), place, f'{key}.datasets.0')
    if hasattr(dataset, 'metainfo') and not isinstance(dataset.metainfo, Mapping):
        raise InvalidValueError(
            f'{key}: its parts have different metainfo; give all of them the same'
        )
    if hasattr(dataset, 'dataset'):
        check_parts(dataset.dataset, f'{key}.dataset')


def check_same_classes(
    found: Sequence[str], expected: Sequence[str], where: str, source: str
) -> None:
    """Check that two lists of classes are alike, in their order too.

    Args:
        found: Names of the one.
        expected: Names of the other.
        where: Where the first are from, for the message.
        source: Where the second are from.

    Raises:
        InvalidValueError: If they differ, and both have names; the nearest names are offered.
    """
    if not found or not expected or tuple(found) == tuple(expected):
        return
    if set(found) == set(expected):
        index = next(
            i for i, pair in enumerate(zip(found, expected, strict=True)) if len({*pair}) > 1
        )
        difference = f"label {index} is '{found[index]}' here, '{expected[index]}' there"
    else:
        difference = _differences(found, expected)
    raise InvalidValueError(
        f"{where} has other classes than '{source}', or another order: {difference}. A label would "
        'mean two things; make the two alike'
    )


def check_known_classes(
    found: Sequence[str], expected: Sequence[str], where: str, source: str
) -> None:
    """Check that classes are among those that weights were trained on; arguments as above.

    Raises:
        InvalidValueError: If one is not, and both have names; the nearest names are offered.
    """
    if expected and not {*found} <= {*expected}:
        raise InvalidValueError(
            f"{where} has classes that '{source}' was not trained on: "
            f'{_differences(found, expected)}. Give the classes the names that they had in the '
            'training'
        )


def match_checkpoint(loop: BaseLoop, checkpoint: Mapping[str, Any], source: str) -> None:
    """Number the labels that a loop measures as the weights of a checkpoint do, by name.

    Args:
        loop: Its data set may lack classes, and have them in another order.
        checkpoint: What was loaded.
        source: Its file, for messages.

    Raises:
        InvalidValueError: If the data set has a class that the checkpoint does not know, or if its
            labels can't be changed.
    """
    dataset, expected = loop.dataloader.dataset, saved_classes(checkpoint)
    found = class_names(dataset)
    if not found or not expected or found == expected:
        return
    check_known_classes(found, expected, 'test_dataloader.dataset', source)
    of_boxes = hasattr(dataset, 'cat_ids')  # a metric would not know the categories that lack
    if not isinstance(dataset, BaseDataset) or (of_boxes and {*found} != {*expected}):
        check_same_classes(found, expected, 'test_dataloader.dataset', source)
    relabel(dataset, [expected.index(name) for name in found], expected)
    if hasattr(loop, 'evaluator'):
        loop.evaluator.dataset_meta = dataset.metainfo
    _reorder_metrics(loop, found, expected)
    lacking = [name for name in expected if name not in found]
    print_log(
        f"test_dataloader.dataset: labels are numbered as in '{source}', by the names of the classes"
        + (f'; it lacks {some(lacking)}' if lacking else ''),
        'current',
        level=logging.WARNING,
    )


def relabel(dataset: BaseDataset, mapping: Sequence[int], classes: Sequence[str]) -> None:
    """Change the labels of all samples of a data set.

    Args:
        dataset: It is changed.
        mapping: The new label of every old one.
        classes: The names of the classes, by new label.
    """
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    for info in infos:
        if _LABEL in info:
            info[_LABEL] = _mapped(info[_LABEL], mapping)
        for box in info.get(_BOXES, ()):
            box[_BOX_LABEL] = mapping[box[_BOX_LABEL]]
    dataset.data_list = infos
    if dataset.serialize_data:
        dataset.data_bytes, dataset.data_address = dataset._serialize_data()
    dataset._metainfo['classes'] = tuple(classes)


def _mapped(label: Any, mapping: Sequence[int]) -> Any:
    """A label, or the labels of an image that has several, by their new numbers."""
    return [mapping[one] for one in label] if isinstance(label, Iterable) else mapping[label]


def _reorder_metrics(loop: BaseLoop, found: Sequence[str], expected: Sequence[str]) -> None:
    """Category ids stand in the order of the classes."""
    for metric in getattr(getattr(loop, 'evaluator', None), 'metrics', ()):
        ids = getattr(metric, 'cat_ids', None)
        if ids is not None:
            metric.cat_ids = [ids[found.index(name)] for name in expected]


def _differences(found: Sequence[str], expected: Sequence[str]) -> str:
    """Names that only one of two lists has, with the nearest of the other."""
    more = [name for name in found if name not in expected]
    lost = [name for name in expected if name not in found]
    parts = []
    if more:
        close = difflib.get_close_matches(more[0], lost or expected, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ''
        parts.append(f'only the former has {some(more)}{hint}')
    if lost:
        parts.append(f'only the latter has {some(lost)}')
    return ', '.join(parts) or 'a name stands twice'
