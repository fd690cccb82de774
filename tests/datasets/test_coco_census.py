"""What is counted is what mmdet's loader keeps."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.compat import DETECTION, import_quietly
from ostrdet.datasets.coco_census import IN_PIXELS, Census, take_census
from ostrdet.datasets.coco_content import AnnotationError

SIZE = {'height': 40, 'width': 60}
BOX: dict[str, Any] = {
    'image_id': 1,
    'category_id': 3,
    'bbox': [1, 2, 10, 20],
    'area': 9,
    'iscrowd': 0,
}


def census(boxes: list[dict[str, Any]], classes: tuple[str, ...] = ('cat',)) -> Census:
    content = {
        'images': [{'id': key, 'file_name': f'{key}.jpg', **SIZE} for key in (1, 2)],
        'annotations': [{'id': 1 + index, **BOX, **box} for index, box in enumerate(boxes)],
        'categories': [{'id': 7, 'name': 'dog'}, {'id': 3, 'name': 'cat'}],
    }
    return take_census(content, classes, 'x.json')


@pytest.mark.parametrize(
    ('box', 'reason'),
    [
        ({'area': 0}, "of an 'area' of 0 or less"),
        ({'bbox': [1, 2, -10, 20]}, f'less than 1 pixel wide or high (expected are {IN_PIXELS})'),
        (
            {'bbox': [0.1, 0.2, 0.5, 0.5]},
            f'less than 1 pixel wide or high (expected are {IN_PIXELS})',
        ),
        ({'bbox': [500, 2, 10, 20]}, 'outside of their image'),
        ({'bbox': [-11, 2, 10, 20]}, 'outside of their image'),
        ({'ignore': 1}, "marked 'ignore'"),
        ({'iscrowd': 1}, 'crowds'),
        ({'category_id': 7}, 'of categories that belong to no class (ids 7)'),
        ({'image_id': 9}, 'of images that are not listed'),
    ],
)
def test_nothing_left_is_refused_with_number_and_reason(box: dict[str, Any], reason: str) -> None:
    found = census([box, box])
    assert found.boxes == 0
    with pytest.raises(AnnotationError) as caught:
        found.check()
    assert f"'x.json': 0 of 2 boxes are usable; the others: 2 {reason}: nothing is" in str(
        caught.value
    )
    mixed = census([box, {}, {}])
    mixed.check()
    assert (mixed.boxes, mixed.dropped.total(), mixed.images, mixed.empty) == (2, 1, 2, 1)


def test_a_file_without_annotations_is_refused() -> None:
    with pytest.raises(AnnotationError, match=r"'x\.json' has no annotation: nothing is left"):
        census([]).check()


def test_the_warning_is_one_line_of_all_that_is_odd() -> None:
    boxes = [{'area': 0}, {'area': 0}, {'ignore': 1}, {'iscrowd': 1}, {}]
    assert census(boxes, ('cat', 'dog')).text() == (
        "'x.json': 1 of 5 boxes are usable; the others: 2 of an 'area' of 0 or less, 1 marked "
        "'ignore', 1 crowds; no box is of the class 'dog'; 1 of 2 images have no box"
    )
    assert census([{}, {'image_id': 2}, {'iscrowd': 1}]).text() is None
    assert census([{}]).text() is None  # half of the images
    mostly_empty = census([{}])._replace(images=5, empty=4)
    assert mostly_empty.text() == "'x.json': 1 of 1 boxes are usable; 4 of 5 images have no box"
    assert mostly_empty.text(with_images=False) is None


def test_corners_in_the_place_of_sizes_are_suspected() -> None:
    good, corners = {'bbox': [30, 20, 20, 15]}, {'bbox': [30, 20, 50, 35], 'image_id': 2}
    assert 'reach beyond' not in str(census([good, good]).text())
    text = census([good, corners]).text()
    assert text is not None
    assert '1 boxes reach beyond their image: expected are [x, y, width, height] in pixels' in text


def test_an_image_that_is_listed_twice_is_named() -> None:
    images = [{'id': key, 'file_name': 'a.jpg', **SIZE} for key in (1, 2)]
    categories = [{'id': 3, 'name': 'cat'}]
    boxes = [{'id': key, **BOX, 'image_id': key} for key in (1, 2)]
    content = {'images': images, 'annotations': boxes, 'categories': categories}
    text = take_census(content, ('cat',), 'x.json').text()
    assert text == "'x.json': 2 of 2 boxes are usable; listed more than once: 'a.jpg'"


def test_counts_are_those_of_mmdets_loader(tmp_path: Path) -> None:
    """On 400 random boxes: every reason, and what is kept, against the loader itself."""
    pytest.importorskip('mmdet.version')
    import_quietly(DETECTION)
    from mmdet.datasets import CocoDataset

    random = np.random.default_rng(0)
    content: dict[str, Any] = {
        'images': [{'id': key, 'file_name': f'{key}.jpg', **SIZE} for key in range(20)],
        'categories': [{'id': 7, 'name': 'dog'}, {'id': 3, 'name': 'cat'}],
    }
    content['annotations'] = [
        {
            'id': index + 1,
            'image_id': int(random.integers(20)),
            'category_id': int(random.choice([3, 7, 9])),
            'bbox': [float(v) for v in random.uniform([-40, -40, -3, -3], [80, 60, 30, 30])],
            'area': float(random.integers(-1, 5)),
            'iscrowd': int(random.random() < 0.2),
            'ignore': int(random.random() < 0.1),
        }
        for index in range(400)
    ]
    path = tmp_path / 'x.json'
    path.write_text(json.dumps(content), encoding='utf-8')
    found = take_census(content, ('dog', 'cat'), path)
    # mmdet numbers the classes by the file, which here has the order of the names
    data = CocoDataset(
        ann_file=str(path),
        data_prefix={'img': ''},
        metainfo={'classes': ('dog', 'cat')},
        test_mode=True,
    )
    flags = Counter(
        box['ignore_flag'] for i in range(20) for box in data.get_data_info(i)['instances']
    )
    assert found.boxes == flags[0] > 10
    assert found.dropped['crowds'] == flags[1] > 0
    assert found.boxes + found.dropped.total() == 400
    assert len(found.dropped) == 6
    assert found.strange == [9]
