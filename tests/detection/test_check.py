"""What would stop a validation is found before the training, and by the rehearsal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands import check as check_cli
from ostrdet.commands import train as train_cli

TRAIN, VAL = (f'annotations/instances_{split}2017.json' for split in ('train', 'val'))


def no_category(coco: Path, edit: Callable[..., None]) -> None:
    edit(lambda content: content['categories'].pop(), 'val2017')


def no_image(coco: Path, edit: Callable[..., None]) -> None:
    (coco / 'val2017' / '8.jpg').unlink()


def no_annotation(coco: Path, edit: Callable[..., None]) -> None:
    edit(lambda content: content.update(annotations=[]), 'val2017')


def nothing(coco: Path, edit: Callable[..., None]) -> None:
    pass


CASES: dict[str, tuple[Callable[..., None], str, str]] = {
    'a category is lacking': (no_category, VAL, "has no category for 'square'"),
    'an image is lacking': (no_image, VAL, '1 of 3 images are not there'),
    'no annotation': (no_annotation, VAL, 'leaves no box to measure'),
    'an evaluator of another file': (nothing, TRAIN, 'is not of this data set'),
    'an evaluator of no file': (nothing, 'lost.json', 'lost.json'),
}


@pytest.fixture
def argv(tiny_detector: Any, coco: Path, tmp_path: Path) -> Callable[[str], list[str]]:
    def make(ann_file: str) -> list[str]:
        config = tiny_detector({'val_evaluator.ann_file': str(coco / ann_file)})
        config.dump(tmp_path / 'mine.py')
        options = ['--data-root', str(coco), '--work-dir', str(tmp_path / 'run')]
        return [str(tmp_path / 'mine.py'), *options]

    return make


@pytest.mark.parametrize('case', CASES)
def test_it_is_found_before_anything_is_trained(
    case: str,
    argv: Callable[[str], list[str]],
    coco: Path,
    edit: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage, ann_file, message = CASES[case]
    damage(coco, edit)
    for tool in (check_cli, train_cli):
        assert tool.main(argv(ann_file)) == 2
        assert message in capsys.readouterr().err.splitlines()[-1]
    assert not list((tmp_path / 'run').glob('*.pth'))
    assert 'epoch 1' not in (tmp_path / 'run' / 'run.log').read_text(encoding='utf-8')


def test_annotations_without_iscrowd_are_measured(
    argv: Callable[[str], list[str]],
    edit: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for split in ('train2017', 'val2017'):
        edit(lambda content: [box.pop('iscrowd') for box in content['annotations']], split)
    assert train_cli.main(argv(VAL)) == 0
    assert 'coco/bbox_mAP' in capsys.readouterr().out
