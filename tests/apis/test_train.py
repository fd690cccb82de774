"""Training and testing from Python: options, refusals, and what the work dir holds."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ostrdet.apis.evaluate import evaluate
from ostrdet.apis.train import build_training, train
from ostrdet.engine.checkpoint import read_checkpoint, read_state
from ostrdet.engine.optimizers import BFloat16OptimWrapper
from ostrdet.errors import WorkDirInUseError

SHORT = {'train_cfg.max_epochs': 1}
#: A process that holds a work dir until its input ends; ours would take seconds to start.
HOLD = """
import fcntl, os, sys
with open(f'{sys.argv[1]}/.lock', 'a') as stream:
    fcntl.lockf(stream, fcntl.LOCK_EX)
    print('process', os.getpid(), 'on this machine', end='', file=stream, flush=True)
    print('held', flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope='module')
def trained(tiny_training: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A training of one epoch; tests only look at it."""
    return train(tiny_training(SHORT), work_dir=tmp_path_factory.mktemp('trained'))


def checkpoint(runner: Any) -> Path:
    return Path(runner.work_dir) / 'epoch_1.pth'


def test_the_test_of_a_checkpoint_is_its_validation(
    trained: Any, tiny_training: Any, tmp_path: Path
) -> None:
    out = tmp_path / 'deep' / 'metrics.json'
    metrics = evaluate(tiny_training(SHORT), checkpoint(trained), work_dir=tmp_path, out=out)
    hub = trained.message_hub
    for name, value in metrics.items():
        assert hub.get_scalar(f'val/{name}').current() == pytest.approx(value)
    assert set(metrics) == {'accuracy/top1', 'accuracy/top5'}
    assert f'"accuracy/top1": {metrics["accuracy/top1"]}' in out.read_text(encoding='utf-8')


def test_the_config_in_the_work_dir_knows_the_genotype(trained: Any, tmp_path: Path) -> None:
    config = Path(trained.work_dir) / 'darts_c10.py'
    metrics = evaluate(config, checkpoint(trained), work_dir=tmp_path)
    assert 0 <= metrics['accuracy/top1'] <= metrics['accuracy/top5'] <= 100


@pytest.mark.parametrize(
    ('overrides', 'genotype', 'message'),
    [
        ({}, 'p-darts', 'keys not in this network'),
        ({'model.backbone.channels': 8}, None, 'keys of another shape'),
        ({'model.head.aux': None}, None, r'keys not in this network \(head\.aux\.'),
    ],
)
def test_a_checkpoint_of_another_architecture_is_refused(
    trained: Any,
    tiny_training: Any,
    tmp_path: Path,
    overrides: dict[str, Any],
    genotype: str | None,
    message: str,
) -> None:
    config = tiny_training({**SHORT, **overrides})
    with pytest.raises(ValueError, match='is of another architecture: .*' + message):
        evaluate(config, checkpoint(trained), genotype=genotype, work_dir=tmp_path)
    runner = build_training(
        config, genotype=genotype, work_dir=tmp_path, resume=str(checkpoint(trained))
    )
    with pytest.raises(ValueError, match=r'is of another run: model\..{20,1200}resume_anyway=True'):
        runner.train()
    runner.cfg.resume_anyway = True
    with pytest.raises(ValueError, match=message):
        runner.train()


def test_weights_alone_are_no_run_to_go_on_with(
    trained: Any, tiny_training: Any, tmp_path: Path
) -> None:
    weights = tmp_path / 'weights.pth'
    torch.save({'state_dict': read_state(checkpoint(trained))}, weights)
    runner = build_training(tiny_training(SHORT), work_dir=tmp_path, resume=str(weights))
    with pytest.raises(
        ValueError, match=r"weights\.pth' lacks 'meta': it holds weights, but no run"
    ):
        runner.train()
    start = {**SHORT, 'load_from': str(weights)}
    train(tiny_training(start), work_dir=tmp_path / 'start')


def test_a_changed_optimizer_is_named_before_it_is_loaded(
    trained: Any, tiny_training: Any, tmp_path: Path
) -> None:
    """Adam would ask the state of SGD for moments that are not there."""
    adam = {'_delete_': True, 'type': 'Adam', 'lr': 0.1}
    config = tiny_training({**SHORT, 'train_cfg.max_epochs': 2})
    config.merge_from_dict({'optim_wrapper.optimizer': adam})
    runner = build_training(config, work_dir=tmp_path, resume=str(checkpoint(trained)))
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    with pytest.raises(
        ValueError, match=r"another run: optim_wrapper\.optimizer\.type was 'SGD', is 'Adam'\. Take"
    ):
        runner.train()
    assert all(torch.equal(before[n], value) for n, value in runner.model.state_dict().items())


def test_a_run_in_a_used_work_dir_writes_nothing(tiny_training: Any, tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, '-c', HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b'held\n'
        before = {path.name for path in tmp_path.iterdir()}
        with pytest.raises(WorkDirInUseError, match=f'is in use by process {holder.pid} on'):
            build_training(tiny_training(SHORT), work_dir=tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == before == {'.lock'}
        holder.communicate()
    train(tiny_training(SHORT), work_dir=tmp_path)


def test_text_in_a_checkpoint_is_not_executed(
    trained: Any, tiny_training: Any, tmp_path: Path
) -> None:
    content = read_checkpoint(checkpoint(trained))
    content['meta']['config'] = f"open({str(tmp_path / 'sprung')!r}, 'w')"
    torch.save(content, tmp_path / 'epoch_1.pth')
    longer = {'train_cfg.max_epochs': 2}
    train(tiny_training(longer), work_dir=tmp_path / 'run', resume=str(tmp_path / 'epoch_1.pth'))
    assert not (tmp_path / 'sprung').exists()


def test_a_missing_checkpoint_is_named(tiny_training: Any) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint 'none\.pth'"):
        evaluate(tiny_training(), 'none.pth')


def test_a_training_is_never_written_over(trained: Any, tiny_training: Any) -> None:
    with pytest.raises(FileExistsError, match='holds a training already: give --resume'):
        build_training(tiny_training(SHORT), work_dir=trained.work_dir)


def test_autocast_keeps_the_weights_in_float32(
    trained: Any, tiny_training: Any, tmp_path: Path
) -> None:
    runner = train(tiny_training(SHORT), work_dir=tmp_path, amp='bfloat16')
    assert isinstance(runner.optim_wrapper, BFloat16OptimWrapper)
    plain, half = trained.model.state_dict(), runner.model.state_dict()
    assert all(value.dtype == plain[name].dtype for name, value in half.items())
    assert all(value.isfinite().all() for value in half.values())
    name = 'backbone.skeleton.stem.conv.weight'
    torch.testing.assert_close(half[name], plain[name], atol=0.05, rtol=0)
    assert not torch.equal(half[name], plain[name])


def test_the_average_of_the_weights_is_what_is_saved(tiny_training: Any, tmp_path: Path) -> None:
    ema = {'default_hooks.ema': {'type': 'EMAHook', 'momentum': 0.5}}
    runner = train(tiny_training({**SHORT, **ema}), work_dir=tmp_path)
    saved, last = read_state(tmp_path / 'epoch_1.pth'), runner.model.state_dict()
    name = 'backbone.skeleton.stem.conv.weight'
    assert saved.keys() == last.keys()
    assert not torch.equal(saved[name], last[name])


def test_accumulated_gradients_are_those_of_the_larger_batch(
    tiny_training: Any, tmp_path: Path
) -> None:
    """Without BatchNorm and drop path, two halves of a batch make the step of the whole."""
    still = {**SHORT, 'model.backbone.norm_eval': True, 'model.head.aux': None}
    still |= {
        'train_dataloader.dataset.indices': range(0, 1437, 48),
        'train_dataloader.drop_last': True,
    }
    halves = {'train_dataloader.batch_size': 14, 'optim_wrapper.accumulative_counts': 2}
    whole = {'train_dataloader.batch_size': 28}
    states = []
    for name, more in (('whole', whole), ('halves', halves)):
        runner = train(tiny_training({**still, **more}), work_dir=tmp_path / name)
        states.append(dict(runner.model.named_parameters()))
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value, rtol=1e-4, atol=1e-5)


def test_a_number_that_is_not_finite_stops_the_training(tiny_training: Any, tmp_path: Path) -> None:
    hot = {**SHORT, 'optim_wrapper.optimizer.lr': 1e30, 'optim_wrapper.clip_grad': None}
    with pytest.raises(FloatingPointError, match=r'a lower optim_wrapper\.optimizer\.lr'):
        train(tiny_training(hot), work_dir=tmp_path)
    assert not list(tmp_path.glob('*.pth'))


def folder_of_images(root: Path) -> None:
    pixels = np.random.default_rng(0)
    for split in ('train', 'test'):
        for label in range(2):
            (root / split / f'c{label}').mkdir(parents=True)
            for index in range(4):
                image = pixels.integers(0, 255, (40, 36, 3), dtype=np.uint8)
                Image.fromarray(image).save(root / split / f'c{label}' / f'{index}.png')


def folders(root: Path) -> dict[str, Any]:
    """The ImageNet pipelines on an image folder of two classes."""
    load = [{'type': 'ostrdet.LoadImage'}, {'type': 'CenterCrop', 'crop_size': 32}]
    pipeline = [*load, {'type': 'PackInputs'}]
    data = {'type': 'ostrdet.ImageFolder', 'data_root': str(root), 'pipeline': pipeline}
    return {
        **SHORT,
        'model.head.num_classes': 2,
        'train_dataloader.batch_size': 4,
        'train_dataloader.dataset': {**data, '_delete_': True},
        'val_dataloader.dataset': {**data, 'split': 'test', '_delete_': True},
        'val_evaluator.topk': 1,
    }


def make(tiny_training: Any, root: Path) -> Any:
    config = tiny_training()
    changes = folders(root)
    for key in ('train_dataloader', 'val_dataloader'):
        config[key].dataset = {
            k: v for k, v in changes.pop(f'{key}.dataset').items() if k[0] != '_'
        }
    config.merge_from_dict(changes)
    return config


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize('damage', [b'', b'no image'])
def test_a_damaged_image_is_named(
    tiny_training: Any, tmp_path: Path, workers: int, damage: bytes
) -> None:
    folder_of_images(tmp_path / 'data')
    train(make(tiny_training, tmp_path / 'data'), work_dir=tmp_path / 'well')
    (tmp_path / 'data/train/c1/2.png').write_bytes(damage)
    config = make(tiny_training, tmp_path / 'data')
    config.train_dataloader.num_workers = workers
    with pytest.raises(ValueError, match=r"train/c1/2\.png' can't be read as an image"):
        train(config, work_dir=tmp_path / 'ill')


def test_more_classes_than_the_network_has_are_refused(tiny_training: Any, tmp_path: Path) -> None:
    folder_of_images(tmp_path / 'data')
    config = make(tiny_training, tmp_path / 'data')
    config.model.head.num_classes = 1
    with pytest.raises(ValueError, match=r'model\.head\.num_classes=1, but .* 2 classes'):
        train(config, work_dir=tmp_path / 'run')


def test_images_below_the_stride_are_named(tiny_training: Any, tmp_path: Path) -> None:
    small = {**SHORT, 'model.backbone.stem': 'ImageNetStem', 'model.head.aux': None}
    small |= {'train_dataloader.dataset.size': 16}
    with pytest.raises(ValueError, match='16x16 pixels are smaller than the stride of the network'):
        train(tiny_training(small), work_dir=tmp_path)
