"""What is wrong with a COCO file is named, entry and key; categories go by name."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.datasets.coco_content import AnnotationError, category_ids, read_coco

GOOD: dict[str, Any] = {
    'images': [
        {'id': 1, 'file_name': 'a.jpg', 'height': 40, 'width': 60},
        {'id': 2, 'file_name': 'b.jpg', 'height': 40, 'width': 60},
    ],
    'annotations': [
        {'id': 5, 'image_id': 1, 'category_id': 7, 'bbox': [1, 2, 10, 20], 'area': 200},
        {
            'id': 6,
            'image_id': 2,
            'category_id': 3,
            'bbox': [1.5, 2, 10, 2],
            'area': 20,
            'iscrowd': 1,
        },
    ],
    'categories': [{'id': 7, 'name': 'dog'}, {'id': 3, 'name': 'cat'}],
}


def written(folder: Path, edit: Callable[[Any], Any]) -> Path:
    content = copy.deepcopy(GOOD)
    edit(content)
    path = folder / 'boxes.json'
    path.write_text(json.dumps(content), encoding='utf-8')
    return path


def test_iscrowd_is_0_where_it_is_lacking(tmp_path: Path) -> None:
    content = read_coco(written(tmp_path, lambda _: None))
    assert [box['iscrowd'] for box in content['annotations']] == [0, 1]
    assert content['images'] == GOOD['images']


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_every_encoding_of_json_is_read(tmp_path: Path, encoding: str) -> None:
    text = json.dumps(GOOD | {'categories': [{'id': 7, 'name': 'Käfer'}]}, ensure_ascii=False)
    (tmp_path / 'x.json').write_text(text, encoding=encoding)
    assert read_coco(tmp_path / 'x.json')['categories'][0]['name'] == 'Käfer'


def test_a_file_of_images_alone_has_no_annotations(tmp_path: Path) -> None:
    path = written(tmp_path, lambda content: content.pop('annotations'))
    assert read_coco(path)['annotations'] == []


VALUES: list[tuple[str, str, list[Any]]] = [
    ('images', 'width', [-1, 0, '60', None, 1.5, float('nan'), True]),
    ('images', 'height', [-1, 0, '60', None, float('inf')]),
    ('images', 'file_name', ['', 3, None, ['a.jpg']]),
    ('images', 'id', ['1', None, 1.5]),
    ('annotations', 'id', ['5', None]),
    ('annotations', 'image_id', ['1', None]),
    ('annotations', 'category_id', ['7', None, [7]]),
    ('annotations', 'area', ['200', None, float('nan')]),
    ('annotations', 'iscrowd', ['0', 2, None]),
    (
        'annotations',
        'bbox',
        [
            None,
            [],
            [1, 2, 3],
            [1, 2, '3', 4],
            [1, 2, float('nan'), 4],
            [0, 0, float('inf'), 1],
            'x',
        ],
    ),
    ('categories', 'id', ['7', None]),
    ('categories', 'name', ['', 1, None]),
]


@pytest.mark.parametrize(
    ('part', 'key', 'value'), [(part, key, v) for part, key, values in VALUES for v in values]
)
def test_a_value_that_is_none_is_named(tmp_path: Path, part: str, key: str, value: Any) -> None:
    path = written(tmp_path, lambda content: content[part][1].update({key: value}))
    with pytest.raises(AnnotationError) as caught:
        read_coco(path)
    assert str(caught.value).startswith(f"'{path}': {part}[1] (id ")
    assert f': {key}={value!r}, expected ' in str(caught.value)


@pytest.mark.parametrize(
    ('part', 'key'),
    [
        *(('images', key) for key in ('id', 'file_name', 'height', 'width')),
        *(('annotations', key) for key in ('id', 'image_id', 'category_id', 'bbox', 'area')),
        *(('categories', key) for key in ('id', 'name')),
    ],
)
def test_a_key_that_is_lacking_is_named(tmp_path: Path, part: str, key: str) -> None:
    path = written(tmp_path, lambda content: content[part][0].pop(key))
    with pytest.raises(AnnotationError, match=rf"{part}\[0\].* lacks '{key}', expected "):
        read_coco(path)


@pytest.mark.parametrize(('part', 'key'), [('images', 1), ('annotations', 5), ('categories', 7)])
def test_an_id_that_stands_twice_is_named(tmp_path: Path, part: str, key: int) -> None:
    path = written(tmp_path, lambda content: content[part][1].update(id=key))
    with pytest.raises(AnnotationError, match=rf'{part}\[0\] and \[1\].* have the same id {key}'):
        read_coco(path)


def test_images_with_one_id_are_named_with_their_files(tmp_path: Path) -> None:
    path = written(tmp_path, lambda content: content['images'][1].update(id=1))
    with pytest.raises(AnnotationError, match=r"\('a\.jpg', 'b\.jpg'\) have the same id 1"):
        read_coco(path)


def test_an_id_beyond_all_floats_is_refused_in_a_short_line(tmp_path: Path) -> None:
    path = written(tmp_path, lambda content: content['annotations'][1].update(id=10**400))
    with pytest.raises(
        AnnotationError, match=r'annotations\[1\] \(id 10+\.\.\.\): id=10+\.\.\.,'
    ) as caught:
        read_coco(path)
    assert len(str(caught.value)) < 500


def test_numbers_may_be_written_as_floats(tmp_path: Path) -> None:
    path = written(tmp_path, lambda content: content['images'][0].update(id=1.0, width=60.0))
    assert read_coco(path)['images'][0]['id'] == 1


def test_category_ids_come_in_the_order_of_the_classes() -> None:
    assert category_ids(GOOD, ['dog', 'cat'], 'x') == [7, 3]
    assert category_ids(GOOD, ['cat', 'dog'], 'x') == [3, 7]
    assert category_ids(GOOD, ['cat'], 'x') == [3]


def test_classes_without_or_with_two_categories_are_refused() -> None:
    with pytest.raises(
        AnnotationError, match=r"'x' has no category for 'cow'; it has 'dog', 'cat'"
    ):
        category_ids(GOOD, ['cat', 'cow'], 'x')
    twice = {'categories': [*GOOD['categories'], {'id': 9, 'name': 'dog'}]}
    with pytest.raises(AnnotationError, match="the ids 7, 9 are both called 'dog'"):
        category_ids(twice, ['dog', 'cat'], 'x')
    assert category_ids(twice, ['cat'], 'x') == [3]


def test_a_class_that_is_named_twice_is_refused() -> None:
    with pytest.raises(
        AnnotationError, match=r"metainfo\.classes=\('cat', 'cat'\) has a name twice"
    ):
        category_ids(GOOD, ['cat', 'cat'], 'x')


def test_a_number_beyond_all_floats_is_named(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content['annotations'][0]['bbox'] = [0, 0, 10**400, 5]
    (tmp_path / 'a.json').write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=r'annotations\[0\] .*, four finite numbers'):
        read_coco(tmp_path / 'a.json')
