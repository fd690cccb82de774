"""What could only fail in the validation, after an epoch, fails before the first iteration."""

import json
from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.rehearse import check
from ostrdet.apis.train import train

#: Metrics of COCO leave a temporary folder behind where they raise.
pytestmark = pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')


def edit(path: Path, function: Any) -> None:
    content = json.loads(path.read_text(encoding='utf-8'))
    function(content)
    path.write_text(json.dumps(content), encoding='utf-8')


def refused(config: Any, folder: Path, coco: Path, message: str) -> None:
    """By the check and by the run alike, before anything is trained."""
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        check(config, work_dir=folder / 'check', data_root=coco)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        train(config, work_dir=folder / 'run', data_root=coco)
    assert not list((folder / 'run').glob('*.pth'))


def test_the_annotations_of_another_set(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    other = 'data/coco/annotations/instances_train2017.json'
    config = tiny_detector({'val_evaluator.ann_file': other})
    refused(
        config,
        tmp_path,
        coco,
        r"evaluator\.ann_file='.*train2017.* is not of this data set.* the same file",
    )


def test_a_category_that_the_metric_lacks(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    path = coco / 'annotations/few.json'
    path.write_bytes((coco / 'annotations/instances_val2017.json').read_bytes())
    edit(path, lambda content: content['categories'].pop())
    config = tiny_detector({'val_evaluator.ann_file': 'data/coco/annotations/few.json'})
    refused(config, tmp_path, coco, r"few\.json' has no category for 'square'")


def test_a_missing_image(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    (coco / 'val2017/7.jpg').unlink()
    config = tiny_detector()
    refused(config, tmp_path, coco, r"val2017\.json': 1 of 3 images are not .*'.*val2017/7\.jpg'")


def test_a_good_set_passes(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    assert check(tiny_detector(), work_dir=tmp_path, data_root=coco).images['val'] == 2


#: By case: overrides of a training of a classifier, and what the message holds.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    'more classes than there are': (
        {'val_evaluator.topk': (1, 11)},
        r'val_evaluator: predictions can not be evaluated: .*; make it fit val_dataloader\.dataset',
    ),
    'the best of what is not measured': (
        {'default_hooks.checkpoint.save_best': 'accuracy/top2'},
        r"SafeCheckpointHook: the validation gives no 'accuracy/top2'. Did you mean 'accuracy/top",
    ),
    'weights of two classes': (
        {'model.head.loss': {'type': 'CrossEntropyLoss', 'class_weight': [1.0, 2.0]}},
        r'model: the loss of images of train_dataloader can not be computed: .*10 classes',
    ),
    'a loss of several labels': (
        {'model.head.loss': {'type': 'CrossEntropyLoss', 'use_sigmoid': True}},
        r'model: the loss of images of train_dataloader .*pred\.dim\(\) == label\.dim\(\)',
    ),
    'a monitor of a schedule': (
        {'param_scheduler': [{'type': 'ReduceOnPlateauLR', 'monitor': 'accuracy/top2'}]},
        r"param_scheduler: the validation gives no 'accuracy/top2'. Did you mean 'accuracy/top",
    ),
    'channels': ({'model.head.in_channels': 3}, 'model: .*shapes cannot be multiplied'),
    'deviations': (
        {'data_preprocessor.mean': [0.0], 'data_preprocessor.std': [1.0, 2.0]},
        r'model: .*size of tensor',
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_a_classifier(tiny_training: Any, tmp_path: Path, case: str) -> None:
    overrides, message = CASES[case]
    with pytest.raises(ValueError, match=message):
        train(tiny_training(overrides), work_dir=tmp_path)
    assert not list(tmp_path.glob('*.pth'))
