"""Validation looks at the architecture half, whole, and at nothing else."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.apis.search import build_search
from ostrdet.datasets import Digits
from ostrdet.engine.loops import ArchHalfValLoop


class Projection(nn.Linear):
    """Predicts many classes, which an untrained supernet does not."""

    def forward(self, images: Tensor, weights: Any) -> Tensor:
        return super().forward(images.flatten(1))


def accuracy(runner: Any, indices: Any) -> float:
    """Percent of the samples that the supernet gets right, in one pass."""
    pipeline = runner.cfg.val_dataloader.dataset.pipeline
    data = Digits(split='train', size=8, pipeline=pipeline)
    samples = [data[int(index)] for index in indices]
    batch = {key: [sample[key] for sample in samples] for key in ('inputs', 'data_samples')}
    images = runner.model.data_preprocessor(batch)['inputs']
    with torch.no_grad():
        logits = runner.model.eval()(images, mode='tensor')
    labels = torch.cat([sample.gt_label for sample in batch['data_samples']])
    return 100 * (logits.argmax(dim=1) == labels).double().mean().item()


def test_accuracy_is_that_of_the_architecture_half_alone(tiny_config: Any, tmp_path: Any) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    torch.manual_seed(3)
    loop, runner.model.supernet = runner.train_loop, Projection(3 * 8 * 8, 10)
    found = runner.val_loop.run()['accuracy/top1']
    assert found == pytest.approx(accuracy(runner, loop.arch_indices))
    assert abs(found - accuracy(runner, loop.weight_indices)) > 1


def test_the_trajectory_holds_it(two_epochs: Any) -> None:
    runner = two_epochs.runner
    runner.model.load_state_dict(two_epochs.checkpoint(2)['state_dict'])
    found = two_epochs.lines[-1]['val_accuracy']
    assert found == pytest.approx(accuracy(runner, runner.train_loop.arch_indices))


def test_the_loader_reads_the_architecture_half_once(two_epochs: Any) -> None:
    loop = two_epochs.runner.val_loop
    read = [int(s.sample_idx) for batch in loop.dataloader for s in batch['data_samples']]
    assert read == two_epochs.runner.train_loop.arch_indices.tolist()


def test_it_needs_the_halves_of_a_bilevel_loop(tiny_config: Any) -> None:
    loader = tiny_config().val_dataloader
    with pytest.raises(TypeError, match=r"train_cfg\.type=BilevelTrainLoop, got dict; use type='V"):
        ArchHalfValLoop(SimpleNamespace(train_loop={}), loader, evaluator=[])


def test_it_needs_the_training_set(tiny_config: Any, tmp_path: Any) -> None:
    config = tiny_config({'val_dataloader.dataset.split': 'test'})
    runner = build_search(config, work_dir=tmp_path)
    assert runner.train_loop
    with pytest.raises(
        ValueError, match=r'val_dataloader\.dataset has 360 samples, train_dat.*1437'
    ):
        assert runner.val_loop


def test_samples_are_read_once_and_keep_their_own_pipeline(two_epochs: Any) -> None:
    runner = two_epochs.runner
    trained, validated = runner.train_loop.dataset, runner.val_loop.dataloader.dataset.dataset
    assert validated.data_list is trained.data_list
    names = [[type(t).__name__ for t in d.pipeline.transforms] for d in (trained, validated)]
    assert names == [['PadCropFlip', 'PackInputs'], ['PackInputs']]


def test_another_data_set_is_read(tiny_config: Any, tmp_path: Any) -> None:
    config = tiny_config({'val_dataloader.dataset.size': 12})
    runner = build_search(config, work_dir=tmp_path)
    assert runner.train_loop.dataset.size == 8
    assert runner.val_loop.dataloader.dataset.dataset.size == 12


def test_the_images_are_those_of_the_training_set_in_memory(two_epochs: Any) -> None:
    train = two_epochs.runner.train_loop.dataset
    val = two_epochs.runner.val_loop.dataloader.dataset.dataset
    assert val.data_list is train.data_list
    assert [len(data.pipeline.transforms) for data in (train, val)] == [2, 1]


def test_a_data_set_that_differs_in_more_than_its_pipeline_is_read(
    tiny_config: Any, tmp_path: Any
) -> None:
    runner = build_search(tiny_config({'val_dataloader.dataset.size': 16}), work_dir=tmp_path)
    assert runner.train_loop
    images = [batch['inputs'][0] for batch in runner.val_loop.dataloader]
    assert [image.shape for image in images] == [(3, 16, 16)]
