"""The rotation task: labels that the transform makes, and a search that reads no others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmpretrain.structures import DataSample

from ostrdet.apis.search import build_search
from ostrdet.datasets import RotationTask
from ostrdet.datasets.digits import Digits

FLIPLESS = {
    'model.supernet.num_classes': 4,
    'default_hooks.report.interval': 0,
}


def turned(config: Any) -> Any:
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.dataset.pipeline.insert(0, {'type': 'RotationTask'})
    return config


def test_the_label_is_the_number_of_quarters() -> None:
    np.random.seed(0)
    image = np.random.randint(0, 255, (5, 7, 3), dtype=np.uint8)
    seen = set()
    for _ in range(50):
        found = RotationTask()({'img': image, 'gt_label': 9})
        seen.add(found['gt_label'])
        assert np.array_equal(np.rot90(found['img'], -found['gt_label']), image)
        assert found['img'].flags.c_contiguous
    assert seen == {0, 1, 2, 3}


def test_a_search_needs_no_labels(
    tiny_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any) -> None:
        raise AssertionError('the labels of the data set were read')

    monkeypatch.setattr(Digits, 'get_gt_labels', refuse)
    runner = build_search(turned(tiny_config(FLIPLESS)), work_dir=tmp_path)
    assert len(runner.train_loop.weight_indices) == 72
    (weights, arch), *_ = runner.train_loop.pairs()
    labels = [int(s.gt_label) for batch in (weights, arch) for s in batch['data_samples']]
    assert isinstance(weights['data_samples'][0], DataSample)
    assert set(labels) == {0, 1, 2, 3}
    runner.train()
    assert (tmp_path / 'genotype.json').is_file()


def test_too_few_classes_for_the_task_are_refused(tiny_config: Any, tmp_path: Path) -> None:
    config = turned(tiny_config({**FLIPLESS, 'model.supernet.num_classes': 3}))
    runner = build_search(config, work_dir=tmp_path)
    with pytest.raises(ValueError, match=r'num_classes=3, but .* has 4 classes; set it to 4'):
        assert runner.train_loop
