"""Classes are compared, and labels numbered, by name."""

from typing import Any

import numpy as np
import pytest
from mmengine.dataset import BaseDataset

from ostrdet.datasets.class_names import (
    check_known_classes,
    check_parts,
    check_same_classes,
    class_names,
    match_checkpoint,
    relabel,
    saved_classes,
)


class Images(BaseDataset):
    """Labels without images."""

    def load_data_list(self) -> list[dict[str, Any]]:
        return [{'gt_label': 0}, {'gt_label': 1}, {'gt_label': [1, 0]}, {'instances': boxes(1, 0)}]


class Loop:
    def __init__(self, dataset: Any) -> None:
        self.dataloader = type('Loader', (), {'dataset': dataset})
        self.evaluator = type('Evaluator', (), {'metrics': [], 'dataset_meta': None})


def boxes(*labels: int) -> list[dict[str, int]]:
    return [{'bbox_label': label} for label in labels]


def images(classes: tuple[str, ...], **options: Any) -> Images:
    return Images(metainfo={'classes': classes}, **options)


def labels(dataset: BaseDataset) -> list[Any]:
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [info.get('gt_label', info.get('instances')) for info in infos]


def checkpoint(*classes: str) -> dict[str, Any]:
    return {'meta': {'dataset_meta': {'classes': list(classes)}}}


def test_names_of_a_data_set_and_of_a_checkpoint() -> None:
    assert class_names(images(('a', 'b'))) == ('a', 'b')
    assert class_names(np.zeros(3)) == ()
    assert saved_classes(checkpoint('a', 'b')) == ('a', 'b')
    assert saved_classes({'dataset_meta': {'classes': ['a']}}) == ('a',)
    for without in (
        {},
        {'meta': {}},
        {'meta': {'dataset_meta': None}},
        {'meta': {'dataset_meta': {}}},
        {'meta': 'text'},
        {'meta': {'dataset_meta': ['a']}},
        {'meta': {'dataset_meta': {'classes': 3}}},
    ):
        assert saved_classes(without) == ()


@pytest.mark.parametrize('serialize', [True, False])
def test_labels_of_images_and_boxes_are_numbered_anew(serialize: bool) -> None:
    dataset = images(('bee', 'cat'), serialize_data=serialize)
    relabel(dataset, [2, 0], ('cat', 'cow', 'bee'))
    assert labels(dataset) == [2, 0, [0, 2], boxes(0, 2)]
    assert class_names(dataset) == ('cat', 'cow', 'bee')


def test_a_test_set_takes_the_numbers_of_the_checkpoint() -> None:
    loop = Loop(images(('dog', 'ant')))
    match_checkpoint(loop, checkpoint('ant', 'bee', 'cat', 'dog'), 'x.pth')  # type: ignore[arg-type]
    assert labels(loop.dataloader.dataset) == [3, 0, [0, 3], boxes(0, 3)]
    assert loop.evaluator.dataset_meta['classes'] == ('ant', 'bee', 'cat', 'dog')


@pytest.mark.parametrize('saved', [{}, checkpoint('dog', 'ant')])
def test_a_test_set_is_left_as_it_is_without_a_reason(saved: dict[str, Any]) -> None:
    loop = Loop(images(('dog', 'ant')))
    match_checkpoint(loop, saved, 'x.pth')  # type: ignore[arg-type]
    assert labels(loop.dataloader.dataset) == [0, 1, [1, 0], boxes(1, 0)]
    assert loop.evaluator.dataset_meta is None


def test_unknown_classes_are_refused_with_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"'x\.pth' was not trained on: only .* 'zbee' \(did you mean"
    ):
        check_known_classes(['cat', 'zbee'], ['bee', 'cat'], 'test', 'x.pth')
    check_known_classes(['cat'], ['bee', 'cat'], 'test', 'x.pth')
    check_known_classes(['cat'], [], 'test', 'x.pth')


@pytest.mark.parametrize(
    ('found', 'message'),
    [
        (['b', 'a'], "label 0 is 'b' here, 'a' there"),
        (['a'], "only the latter has 'b'"),
        (['a', 'b', 'c'], "only the former has 'c'"),
        (['a', 'bb'], r"only the former has 'bb' \(did you mean 'b'\?\), only the latter has 'b'"),
    ],
)
def test_other_classes_than_those_of_the_training_are_refused(
    found: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=f"val has other classes than 'train', .*{message}"):
        check_same_classes(found, ['a', 'b'], 'val', 'train')


def test_what_has_no_names_is_not_compared() -> None:
    for found, expected in (([], ['a']), (['a'], []), (['a'], ['a'])):
        check_same_classes(found, expected, 'val', 'train')


class Joined:
    """As mmdet has it: metainfo is a list where that of the parts differs."""

    def __init__(self, *datasets: Any, metainfo: Any = None) -> None:
        self.datasets = datasets
        self.metainfo = datasets[0].metainfo if metainfo is None else metainfo


def test_joined_data_sets_have_the_same_classes_in_the_same_order() -> None:
    two = images(('a', 'b'))
    check_parts(two, 'x')
    check_parts(Joined(two, images(('a', 'b'))), 'x')
    message = r"x\.datasets\.1 has other classes than 'x\.datasets\.0', or another order: label 0"
    with pytest.raises(ValueError, match=message):
        check_parts(Joined(two, images(('b', 'a'))), 'x')
    repeated = type('Repeated', (), {'dataset': Joined(two, two, metainfo=[{}, {}])})
    with pytest.raises(ValueError, match=r'x\.dataset: its parts have different metainfo'):
        check_parts(repeated(), 'x')
    assert class_names(repeated().dataset) == ()
