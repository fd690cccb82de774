"""A class is its name: labels and metrics do not depend on the order of categories in a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ostrdet.commands import predict as predict_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.compat import DETECTION, import_quietly
from ostrdet.datasets.coco_content import AnnotationError
from ostrdet.datasets.detection_data import check_boxes, metric_files
from ostrdet.engine.loops.seeded_data import build_dataset

NAMES = ('disc', 'square')
VAL = Path('annotations', 'instances_val2017.json')


def listed_backwards(content: Any) -> None:
    content['categories'].reverse()


def numbered_otherwise(content: Any) -> None:
    other = {3: 7, 7: 3}
    for entry in content['categories']:
        entry['id'] = other[entry['id']]
    for box in content['annotations']:
        box['category_id'] = other[box['category_id']]


EDITS: dict[str, Callable[[Any], None]] = {
    'as it is': lambda _: None,
    'listed backwards': listed_backwards,
    'numbered otherwise': numbered_otherwise,
    'without iscrowd': lambda content: [box.pop('iscrowd') for box in content['annotations']],
    'an annotation of id 0': lambda content: content['annotations'][0].update(id=0),
}


class Head(nn.Module):
    """As much of a detector as the checks look at."""

    num_classes = 2


def data_set(coco: Path, classes: tuple[str, ...], **options: Any) -> Any:
    import_quietly(DETECTION)
    cfg = {
        'type': 'mmdet.CocoDataset',
        'data_root': str(coco),
        'ann_file': str(VAL),
        'data_prefix': {'img': 'val2017/'},
        'metainfo': {'classes': classes},
        'test_mode': True,
        **options,
    }
    return build_dataset({'dataset': cfg})


def metric_of(path: Path) -> Any:
    from mmdet.evaluation import CocoMetric

    metric_files({'ann_file': str(path)})
    metric = CocoMetric(ann_file=str(path))
    metric.ann_file = str(path)
    return metric


def measured(data: Any, metric: Any) -> dict[str, float]:
    """What a detector reaches that finds every box."""
    check_boxes(data, Head(), [metric])
    metric.dataset_meta = data.metainfo
    for index in range(len(data)):
        info = data.get_data_info(index)
        boxes = info['instances']
        found = {
            'bboxes': torch.tensor([box['bbox'] for box in boxes], dtype=torch.float32),
            'scores': torch.ones(len(boxes)),
            'labels': torch.tensor([box['bbox_label'] for box in boxes]),
        }
        size = (info['height'], info['width'])
        metric.process({}, [{'img_id': info['img_id'], 'ori_shape': size, 'pred_instances': found}])
    results: dict[str, float] = metric.evaluate(len(data))
    return results


@pytest.mark.parametrize('edited', EDITS)
@pytest.mark.parametrize('classes', [NAMES, NAMES[::-1]])
def test_labels_and_precision_go_by_name(
    coco: Path, edit: Any, edited: str, classes: tuple[str, ...]
) -> None:
    edit(EDITS[edited], 'val2017')
    data = data_set(coco, classes)
    # Squares are larger than discs, and only images of even number have a disc
    for index in range(len(data)):
        info = data.get_data_info(index)
        for box in info['instances']:
            width = box['bbox'][2] - box['bbox'][0]
            assert classes[box['bbox_label']] == {36: 'square', 32: 'disc'}[width]
    assert measured(data, metric_of(coco / VAL))['coco/bbox_mAP'] == 1.0


@pytest.mark.parametrize('ours', EDITS)
def test_the_metric_may_have_another_order_than_the_loader(
    coco: Path, edit: Any, tmp_path: Path, ours: str
) -> None:
    content = json.loads((coco / VAL).read_text(encoding='utf-8'))
    listed_backwards(content)
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(content), encoding='utf-8')
    edit(EDITS[ours], 'val2017')
    assert measured(data_set(coco, NAMES), metric_of(other))['coco/bbox_mAP'] == 1.0


def test_a_part_of_the_images_is_measured_by_its_own_boxes(coco: Path) -> None:
    data = data_set(coco, NAMES, indices=2)
    assert measured(data, metric_of(coco / VAL))['coco/bbox_mAP'] == 1.0


def test_a_metric_of_another_file_is_refused(coco: Path) -> None:
    other = metric_of(coco / 'annotations' / 'instances_train2017.json')
    with pytest.raises(
        AnnotationError, match=r'instances_train2017\.json.* is not of this data set'
    ):
        check_boxes(data_set(coco, NAMES), Head(), [other])


def test_a_metric_that_lacks_a_category_is_refused(coco: Path, tmp_path: Path) -> None:
    content = json.loads((coco / VAL).read_text(encoding='utf-8'))
    content['categories'].pop()
    (tmp_path / 'other.json').write_text(json.dumps(content), encoding='utf-8')
    with pytest.raises(AnnotationError, match=r"other\.json' has no category for 'square'"):
        check_boxes(data_set(coco, NAMES), Head(), [metric_of(tmp_path / 'other.json')])


def test_images_that_are_not_there_are_counted(coco: Path, edit: Any) -> None:
    (coco / 'val2017' / '7.jpg').rename(coco / 'val2017' / '7.JPG')
    with pytest.raises(FileNotFoundError, match=r"1 of 3 images are not there.*there is '7\.JPG'"):
        check_boxes(data_set(coco, NAMES), Head(), ())


def test_a_validation_set_without_annotations_is_refused(coco: Path, edit: Any) -> None:
    edit(lambda content: content.pop('annotations'), 'val2017')
    data = data_set(coco, NAMES)
    with pytest.raises(AnnotationError, match='leaves no box to measure'):
        check_boxes(data, Head(), [metric_of(coco / VAL)])
    formatted = metric_of(coco / VAL)
    formatted.format_only = True
    check_boxes(data, Head(), [formatted])  # a test set that others evaluate


@pytest.fixture
def detector(tiny_detector: Any, coco: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """Writes a tiny detector, as if it had been trained on some classes, and its config."""
    from ostrdet.apis.load_model import build_model
    from ostrdet.settings.train import load_config

    def make(trained: tuple[str, ...], given: tuple[str, ...]) -> list[str]:
        config = load_config(tiny_detector({'val_dataloader.dataset.metainfo.classes': given}))
        config.dump(tmp_path / 'mine.py')
        torch.manual_seed(0)
        state = build_model(config).state_dict()
        meta = {'dataset_meta': {'classes': trained}}
        torch.save({'state_dict': state, 'meta': meta}, tmp_path / 'mine.pth')
        return [str(tmp_path / 'mine.py'), str(tmp_path / 'mine.pth')]

    return make


def test_predict_names_what_the_weights_have_learnt(
    detector: Callable[..., list[str]], coco: Path, tmp_path: Path, capsys: Any
) -> None:
    said = []
    for given in (NAMES, NAMES[::-1]):
        argv = [*detector(NAMES, given), str(coco / 'val2017' / '6.jpg'), '--score', '0']
        assert predict_cli.main([*argv, '--out-dir', str(tmp_path / 'out')]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert 'disc' in said[0] or 'square' in said[0]
    argv = [*detector(('disk', 'square'), NAMES), str(coco / 'val2017' / '6.jpg')]
    assert predict_cli.main(argv) == 2
    error = capsys.readouterr().err
    assert "was not trained on: only the former has 'disc' (did you mean 'disk'?)" in error


def test_test_numbers_labels_as_the_checkpoint_does(
    detector: Callable[..., list[str]], coco: Path, tmp_path: Path, capsys: Any
) -> None:
    results = []
    for given in (NAMES, NAMES[::-1]):
        out = tmp_path / f'{given[0]}.json'
        argv = ['--data-root', str(coco), '--work-dir', str(tmp_path / 'run'), '--out', str(out)]
        assert evaluate_cli.main([*detector(NAMES, given), *argv]) == 0
        results.append(out.read_text(encoding='utf-8'))
    assert results[0] == results[1]
    argv = ['--data-root', str(coco), '--work-dir', str(tmp_path / 'run')]
    assert evaluate_cli.main([*detector(('disk', 'square'), NAMES), *argv]) == 2
    assert "did you mean 'disk'?" in capsys.readouterr().err
