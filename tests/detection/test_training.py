"""A detector is trained, tested, resumed and asked, as a user does it."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

from ostrdet.apis.train import build_training, train
from ostrdet.commands import predict as predict_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli
from ostrdet.engine.checkpoint import read_state

METRICS = [f'coco/bbox_mAP{part}' for part in ('', '_50', '_75', '_s', '_m', '_l')]


@pytest.fixture
def trained(tiny_detector: Any, coco: Path, tmp_path: Path) -> Path:
    """The work dir of an epoch."""
    train(tiny_detector(), work_dir=tmp_path / 'run', data_root=coco)
    return tmp_path / 'run'


def test_a_training_says_what_it_does_and_reaches(
    tiny_detector: Any, coco: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tiny_detector(), work_dir=tmp_path, data_root=coco)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('genotype   darts_v2, as the config has it')
    assert re.fullmatch(
        r'network    RetinaNet, 3 layers of the genotype, [\d,]+ parameters', lines[1]
    )
    assert lines[2] == 'data       5 images of CocoDataset, 3 iterations of 2 per epoch'
    (epoch,) = (line for line in lines if line.startswith('epoch 1/1: '))
    losses = r'loss \d+\.\d+, loss_bbox \d+\.\d+, loss_cls \d+\.\d+'
    assert re.match(rf'epoch 1/1: {losses}, coco/bbox_mAP [-\d.e]+, .*, ETA', epoch)
    log = (tmp_path / 'run.log').read_text(encoding='utf-8')
    assert log.count('mmcv ops: ') == 1
    assert (tmp_path / 'epoch_1.pth').is_file()


def test_test_prints_the_metrics_of_coco(
    trained: Path, coco: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = next(trained.glob('*.py'))
    capsys.readouterr()
    argv = [str(config), str(trained / 'epoch_1.pth'), '--data-root', str(coco)]
    assert evaluate_cli.main([*argv, '--out', str(tmp_path / 'metrics.json')]) == 0
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert list(metrics) == METRICS
    assert all(value == -1 or 0 <= value <= 1 for value in metrics.values())
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows if row and row[0] in METRICS] == METRICS


def test_predict_writes_pictures_with_boxes(
    trained: Path, coco: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = next(trained.glob('*.py'))
    images = sorted(str(path) for path in (coco / 'val2017').iterdir())
    capsys.readouterr()
    argv = [str(config), str(trained / 'epoch_1.pth'), *images, '--out-dir', str(tmp_path / 'out')]
    assert predict_cli.main([*argv, '--score', '0']) == 0
    lines = capsys.readouterr().out.splitlines()
    with (tmp_path / 'out' / 'predictions.csv').open(encoding='utf-8', newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert {row['image'] for row in rows} == {Path(image).name for image in images}
    assert {row['class'] for row in rows} <= {'disc', 'square'}
    for line, image in zip(lines, images, strict=True):
        found = re.fullmatch(r'(.+): (\d+) boxes \((?:(?:disc|square) [\d.]+, ){3}\.\.\.\)', line)
        assert found is not None
        assert Path(found[1]).name == Path(image).name
        before, after = cv2.imread(image), cv2.imread(found[1])
        assert before.shape == after.shape
        assert abs(before.astype(int) - after.astype(int)).max() > 100
    assert predict_cli.main([*argv, '--score', '1']) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith('.jpg: 0 boxes')


def test_a_training_is_resumed(tiny_detector: Any, trained: Path, coco: Path) -> None:
    config = tiny_detector({'train_cfg.max_epochs': 2})
    runner = train(config, work_dir=trained, data_root=coco, resume='auto')
    assert (runner.epoch, runner.iter) == (2, 6)
    before, after = (read_state(trained / f'epoch_{epoch}.pth') for epoch in (1, 2))
    assert before.keys() == after.keys()
    assert not torch.equal(before['bbox_head.retina_cls.bias'], after['bbox_head.retina_cls.bias'])


def test_frozen_stages_and_statistics_stay_as_they_are(
    tiny_detector: Any, coco: Path, tmp_path: Path
) -> None:
    options = {'model.backbone.norm_eval': True, 'model.backbone.frozen_stages': 1}
    runner = build_training(tiny_detector(options), work_dir=tmp_path / 'run', data_root=coco)
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    stages = runner.model.backbone.plan.stages
    frozen = ('stem.', *(f'layers.{index}.' for index in stages[0]))
    runner.train()
    for name, value in runner.model.state_dict().items():
        if not name.startswith('backbone.'):
            continue
        part = name.removeprefix('backbone.skeleton.')
        still = part.startswith(frozen) or 'running_' in part or 'num_batches' in part
        assert still == torch.equal(value, before[name]), name


def test_autocast_trains(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    runner = train(tiny_detector(), work_dir=tmp_path / 'run', data_root=coco, amp='bfloat16')
    assert type(runner.optim_wrapper).__name__ == 'BFloat16OptimWrapper'
    assert runner.message_hub.get_scalar('train/loss').current() > 0


def test_another_genotype_fits_the_neck(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    """The normal cells of NASNet-A put out more nodes than those of DARTS."""
    options = {'genotype': 'nasnet-a', 'work_dir': tmp_path / 'run', 'data_root': coco}
    runner = build_training(tiny_detector({'model.backbone.space': None}), **options)
    channels = [feature.channels for feature in runner.model.backbone.out_features]
    assert [conv.conv.in_channels for conv in runner.model.neck.lateral_convs] == channels
    assert channels != [16, 32, 64]
    assert runner.cfg.model.neck.in_channels == channels


def test_images_without_boxes_train(tiny_detector: Any, coco: Path, tmp_path: Path) -> None:
    overrides = {'train_dataloader.dataset.filter_cfg': {'filter_empty_gt': False, 'min_size': 32}}
    runner = train(tiny_detector(overrides), work_dir=tmp_path / 'run', data_root=coco)
    assert len(runner.train_dataloader.dataset) == 6


def test_help_names_commands_that_parse(capsys: pytest.CaptureFixture[str]) -> None:
    for module, tool in ((train_cli, 'train'), (evaluate_cli, 'test'), (predict_cli, 'predict')):
        with pytest.raises(SystemExit):
            module.main(['--help'])
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 100
        commands = re.findall(rf'python tools/{tool}\.py ((?:[^\n]*\\\n)*[^\n]*)', text)
        assert commands
        for command in commands:
            args = module.build_parser().parse_args(command.replace('\\\n', ' ').split())
            assert args.config.startswith('work_dirs/') or Path(args.config).is_file()
