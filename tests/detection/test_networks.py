"""Feature maps at the sizes of detection, pre-training, and complexity."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ostrdet.apis.detector_complexity import detector_complexity
from ostrdet.apis.load_model import build_model
from ostrdet.apis.train import build_training
from ostrdet.commands import genotype as genotype_cli
from ostrdet.evaluation.complexity import complexity
from ostrdet.settings.train import load_config
from ostrdet.spaces.zoo import get_genotype


@pytest.mark.parametrize('size', [(800, 1333), (801, 1333), (320, 320)])
def test_feature_maps_have_the_channels_and_strides_that_the_neck_is_told(
    tiny_detector: Any, size: tuple[int, int]
) -> None:
    cfg = load_config(tiny_detector())
    detector = build_model(cfg).eval()
    with torch.no_grad():
        maps = detector.backbone(torch.zeros(1, 3, *size))
        levels = detector.neck(maps)
    strides = [feature.stride for feature in detector.backbone.out_features]
    assert strides == [8, 16, 32]
    expected = [
        (1, channels, *(-(-pixels // stride) for pixels in size))
        for channels, stride in zip(cfg.model.neck.in_channels, strides, strict=True)
    ]
    assert [tuple(feature.shape) for feature in maps] == expected
    wanted = cfg.model.bbox_head.anchor_generator.strides
    assert wanted == [8, 16, 32, 64, 128]
    sizes = [[-(-pixels // stride) for pixels in size] for stride in wanted]
    assert [list(level.shape[2:]) for level in levels] == sizes


def test_a_detector_starts_from_a_classifier(
    tiny_detector: Any, coco: Path, tmp_path: Path
) -> None:
    torch.manual_seed(3)
    donor = build_model(load_config(tiny_detector())).backbone.state_dict()
    state = {f'backbone.{name}': value for name, value in donor.items()}
    torch.save({'state_dict': {**state, 'head.fc.bias': torch.zeros(10)}}, tmp_path / 'a.pth')
    init_cfg = {
        '_delete_': True,
        'type': 'ostrdet.PretrainedBackbone',
        'checkpoint': str(tmp_path / 'a.pth'),
    }
    # A rate of nothing: what is trained is what was loaded, statistics aside
    options = {
        'model.backbone.init_cfg': init_cfg,
        'model.backbone.norm_eval': True,
        'optim_wrapper.optimizer.lr': 0.0,
    }
    runner = build_training(tiny_detector(options), work_dir=tmp_path / 'run', data_root=coco)
    runner.train()
    for name, value in runner.model.backbone.state_dict().items():
        assert torch.equal(value, donor[name]), name
    log = (tmp_path / 'run' / 'run.log').read_text(encoding='utf-8')
    assert f'backbone: all {len(donor)} weights from' in log


def test_the_size_of_a_detector_is_that_of_an_independent_count(
    tiny_detector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('ostrdet.apis.detector_complexity.DETECTOR_SIZE', (64, 101))
    config = tiny_detector()
    found = detector_complexity('p-darts', config)
    detector = build_model(load_config(config, 'p-darts')).eval()
    for network, size, params, macs in (
        (detector.backbone, (224, 224), found.backbone_params, found.backbone_macs),
        (detector, (64, 101), found.detector_params, found.detector_macs),
    ):
        assert params == sum(parameter.numel() for parameter in network.parameters())
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, 3, *size))
        assert 2 * macs == counter.get_total_flops()


def test_the_backbone_is_counted_as_in_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ImageNet network without its classifier of 768 to 1,000."""
    monkeypatch.setattr('ostrdet.apis.detector_complexity.DETECTOR_SIZE', (64, 64))
    assert genotype_cli.main(['complexity', 'p-darts', '--detector', '--json']) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    whole = complexity(get_genotype('p-darts'), 'imagenet')
    assert found['backbone_params'] == whole.params - 769_000
    assert found['backbone_macs'] == whole.macs - 768_000
    assert found['detector_params'] > found['backbone_params']
    assert genotype_cli.main(['complexity', 'p-darts', '--detector']) == 0
    assert f'{found["detector_macs"]:,}' in capsys.readouterr().out
