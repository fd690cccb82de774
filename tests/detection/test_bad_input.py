"""What does not fit is refused in one line that names it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.commands import predict as predict_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli

TRAIN = Path('annotations', 'instances_train2017.json')
Run = Callable[..., str]


@pytest.fixture
def run(tiny_detector: Any, coco: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Trains from the command line; returns what it says of the error."""

    def call(overrides: dict[str, Any] | None = None, status: int = 2) -> str:
        tiny_detector(overrides).dump(tmp_path / 'mine.py')
        argv = [str(tmp_path / 'mine.py'), '--data-root', str(coco), '--work-dir']
        assert train_cli.main([*argv, str(tmp_path / 'run')]) == status
        lines = capsys.readouterr().err.splitlines()
        if status:
            assert lines[-1].startswith('error: ')
        return lines[-1] if lines else ''

    return call


def test_a_missing_annotation_file(run: Run, coco: Path) -> None:
    (coco / TRAIN).unlink()
    error = run()
    assert str(coco / TRAIN) in error
    assert '--data-root' in error


NOT_COCO: dict[str, tuple[str, str]] = {
    'half': ('{"images": [', 'JSONDecodeError'),
    'empty': ('', 'JSONDecodeError'),
    'a list': ('[]', 'it holds a list'),
    'no lists': ('{}', "'categories' is no list of objects"),
    'no objects': ('{"categories": [1]}', "'categories' is no list of objects"),
}


@pytest.mark.parametrize('case', NOT_COCO)
def test_what_is_no_coco_json(run: Run, coco: Path, case: str) -> None:
    text, reason = NOT_COCO[case]
    (coco / TRAIN).write_text(text, encoding='utf-8')
    error = run()
    assert f"'{coco / TRAIN}' can't be read as COCO JSON" in error
    assert reason in error


def test_classes_that_are_no_categories(run: Run, coco: Path) -> None:
    classes = {'train_dataloader.dataset.metainfo': {'classes': ('disc', 'sqare')}}
    error = run(classes)
    assert f"'{coco / TRAIN}' has no category for 'sqare'; it has 'disc', 'square'" in error
    assert 'metainfo=dict(classes=...)' in error


def test_the_classes_of_coco_are_not_taken_for_those_of_the_data(run: Run) -> None:
    error = run({'train_dataloader.dataset.metainfo': None, 'model.bbox_head.num_classes': 80})
    assert "no category for 'person', 'bicycle', 'car' and 77 more" in error
    assert "it has 'disc', 'square'. Set metainfo=dict(classes=...)" in error


def test_another_number_of_classes_in_the_head(run: Run) -> None:
    error = run({'model.bbox_head.num_classes': 5})
    assert "has 5 classes, the data set 2 ('disc', 'square'): set num_classes" in error


def test_a_class_that_is_no_list(run: Run) -> None:
    names = {'train_dataloader.dataset.metainfo': {'classes': 'disc'}}
    assert "write ('disc',)" in run({**names, 'model.bbox_head.num_classes': 1})


def test_the_validation_set_is_checked_too(run: Run) -> None:
    classes = {'val_dataloader.dataset.metainfo': {'classes': ('disc', 'circle')}}
    assert "instances_val2017.json' has no category for 'circle'" in run(classes)


def test_ids_that_belong_to_no_category(run: Run, edit: Any, coco: Path) -> None:
    edit(
        lambda content: [
            box.update(category_id=box['category_id'] + 90) for box in content['annotations']
        ]
    )
    error = run()
    assert f"'{coco / TRAIN}': 0 of 8 boxes are usable" in error
    assert 'the others: 8 of categories that belong to no class (ids 93, 97)' in error
    assert 'nothing is left to learn' in error


def test_some_ids_that_belong_to_no_category_are_told(run: Run, edit: Any, tmp_path: Path) -> None:
    edit(lambda content: content['annotations'][0].update(category_id=90))
    run(status=0)
    log = (tmp_path / 'run' / 'run.log').read_text(encoding='utf-8')
    assert (
        '7 of 8 boxes are usable; the others: 1 of categories that belong to no class (ids 90)'
        in log
    )


def test_boxes_without_area_are_left_out(run: Run, edit: Any, tmp_path: Path) -> None:
    def flatten(content: Any) -> None:
        for box in content['annotations'][::2]:
            box.update(bbox=[*box['bbox'][:3], 0], area=0)

    edit(flatten)
    run(status=0)
    assert (tmp_path / 'run' / 'epoch_1.pth').is_file()
    log = (tmp_path / 'run' / 'run.log').read_text(encoding='utf-8')
    assert '4 of 8 boxes are usable; the others: 4 less than 1 pixel wide or high' in log


@pytest.mark.parametrize('damage', ['missing', 'empty', 'text', 'half'])
def test_an_image_that_can_not_be_read(run: Run, coco: Path, damage: str) -> None:
    path = coco / 'train2017' / '0.jpg'
    data = path.read_bytes()
    path.unlink()
    if damage != 'missing':
        kept = {'empty': b'', 'text': b'no image at all', 'half': data[: len(data) // 2]}
        path.write_bytes(kept[damage])
    assert str(path) in run()


def test_keys_of_mmdets_parts_are_checked(run: Run) -> None:
    error = run({'model.bbox_head.anchor_generator.ratio': [1.0]})
    assert "'model.bbox_head.anchor_generator.ratio'" in error
    assert "Did you mean 'ratios'" in error
    assert "Did you mean 'RetinaHead'" in run({'model.bbox_head.type': 'RetinaHed'})
    assert "Did you mean 'PseudoSampler'" in run({'model.train_cfg.sampler.type': 'PseudSampler'})
    assert "Did you mean 'FocalLoss'" in run({'model.bbox_head.loss_cls.type': 'FocalLos'})


@pytest.fixture
def checkpoint(tiny_detector: Any, tmp_path: Path) -> Path:
    """Weights of the tiny detector, and its config beside them."""
    from ostrdet.apis.load_model import build_model
    from ostrdet.settings.train import load_config

    config = load_config(tiny_detector())
    config.dump(tmp_path / 'mine.py')
    torch.save({'state_dict': build_model(config).state_dict()}, tmp_path / 'mine.pth')
    return tmp_path / 'mine.pth'


@pytest.mark.parametrize('tool', [evaluate_cli, predict_cli])
def test_a_checkpoint_of_another_detector(
    tool: Any, checkpoint: Path, coco: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = torch.load(checkpoint)['state_dict']
    state['neck.mine'] = state.pop('bbox_head.retina_cls.bias')
    torch.save({'state_dict': state}, checkpoint)
    argv = [str(checkpoint.with_suffix('.py')), str(checkpoint)]
    more = ['--data-root', str(coco)] if tool is evaluate_cli else [str(coco / 'val2017/6.jpg')]
    assert tool.main([*argv, *more]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert '1 keys missing (bbox_head.retina_cls.bias)' in error
    assert '1 keys not in this network (neck.mine)' in error


def test_predict_names_what_is_wrong(
    checkpoint: Path, coco: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = coco / 'val2017' / '6.jpg'
    (tmp_path / 'broken.jpg').write_bytes(b'no image')
    config, lost = str(checkpoint.with_suffix('.py')), str(tmp_path / 'lost.jpg')
    classifier = 'configs/retrain/darts_c10.py'
    for argv, message in (
        ([config, str(checkpoint), lost], 'lost.jpg: No such image'),
        ([config, str(checkpoint), str(tmp_path / 'broken.jpg')], "can't be read as an image"),
        ([config, str(checkpoint), str(image), '--score', '2'], '--score=2.0, expected'),
        ([config, str(checkpoint), str(image), str(image)], "2 images are called '6.jpg'"),
        ([config, str(checkpoint), str(image), '--out-dir', str(image.parent)], 'would be lost'),
        ([config, lost, str(image)], 'lost.jpg'),
        ([classifier, str(checkpoint), str(image)], 'is of another architecture'),
    ):
        out = [] if '--out-dir' in argv else ['--out-dir', str(tmp_path / 'out')]
        assert predict_cli.main([*argv, *out]) == 2
        assert message in capsys.readouterr().err.splitlines()[-1]
