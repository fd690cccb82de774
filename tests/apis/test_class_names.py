"""Testing, resuming, publishing and exporting with the classes of the training, by name."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ostrdet.commands import export as export_cli
from ostrdet.commands import publish as publish_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli
from ostrdet.compat import import_quietly

#: Images per class of the test set.
COUNTS = {'bee': 5, 'cat': 3, 'dog': 1}
CONFIG = """_base_ = '{base}'
model = dict(backbone=dict(channels=4, num_cells=1), head=dict(num_classes=3))
train_dataloader = dict(batch_size=3, num_workers=0, persistent_workers=False,
    dataset=dict(preload_size=32, data_root='{root}'))
val_dataloader = dict(batch_size=9, num_workers=0, persistent_workers=False,
    dataset=dict(preload_size=32, data_root='{root}'))
val_evaluator = dict(topk=1)
train_cfg = dict(max_epochs=1)
"""


def write_images(folder: Path, number: int) -> None:
    folder.mkdir(parents=True)
    for index in range(number):
        cv2.imwrite(str(folder / f'{index}.png'), np.full((8, 8, 3), 20 * index, np.uint8))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for split in ('train', 'test'):
        for name, number in COUNTS.items():
            write_images(tmp_path / 'photos' / split / name, number)
    return tmp_path / 'photos'


@pytest.fixture
def network(photos: Path, tmp_path: Path, repo_root: Path, quick_dump: None) -> list[str]:
    """A config, and a checkpoint of a network that takes every image for a cat."""
    import_quietly()
    from ostrdet.apis.load_model import build_model
    from ostrdet.settings.train import load_config

    config = tmp_path / 'mine.py'
    base = repo_root / 'configs' / 'retrain' / 'nb201_c10-folder.py'
    config.write_text(CONFIG.format(base=base, root=photos), encoding='utf-8')
    cfg = load_config(config, genotype='nb201_resnet')
    cfg.dump(config)
    state = build_model(cfg).state_dict()
    state['head.fc.weight'].zero_()
    state['head.fc.bias'].copy_(torch.tensor([0.0, 1.0, 0.0]))
    meta = {'dataset_meta': {'classes': tuple(COUNTS)}}
    torch.save({'state_dict': state, 'meta': meta}, tmp_path / 'mine.pth')
    return [str(config), str(tmp_path / 'mine.pth')]


@pytest.fixture
def accuracy(network: list[str], tmp_path: Path) -> Callable[..., float]:
    def measure(*argv: str, files: list[str] | None = None) -> float:
        out = tmp_path / 'metrics.json'
        more = ['--work-dir', str(tmp_path / 'run'), '--out', str(out), *argv]
        assert evaluate_cli.main([*(files or network), *more]) == 0
        found: float = json.loads(out.read_text(encoding='utf-8'))['accuracy/top1']
        return found

    return measure


def test_a_test_set_that_lacks_the_first_class_keeps_the_others(
    accuracy: Callable[..., float], photos: Path
) -> None:
    assert accuracy() == pytest.approx(100 * 3 / 9)
    (photos / 'test' / 'bee').rename(photos / 'bee')
    assert accuracy() == pytest.approx(100 * 3 / 4)


def test_the_order_of_the_config_does_not_matter(accuracy: Callable[..., float]) -> None:
    classes = "test_dataloader.dataset.classes=['dog','bee','cat']"
    assert accuracy('--cfg-options', classes) == pytest.approx(100 * 3 / 9)


def test_a_renamed_class_is_refused_with_the_nearest(
    network: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / 'test' / 'bee').rename(photos / 'test' / 'zbee')
    assert evaluate_cli.main([*network, '--work-dir', str(tmp_path / 'run')]) == 2
    assert "only the former has 'zbee' (did you mean 'bee'?)" in capsys.readouterr().err


def test_a_published_file_knows_its_classes(
    accuracy: Callable[..., float], network: list[str], photos: Path, tmp_path: Path
) -> None:
    from ostrdet.datasets.class_names import saved_classes
    from ostrdet.engine.checkpoint import read_checkpoint

    assert publish_cli.main([*network, '--out-dir', str(tmp_path / 'shared')]) == 0
    (weights,) = (tmp_path / 'shared').glob('*.safetensors')
    assert saved_classes(read_checkpoint(weights)) == tuple(COUNTS)
    (photos / 'test' / 'bee').rename(photos / 'bee')
    files = [str(weights.with_suffix('.py')), str(weights)]
    assert accuracy(files=files) == pytest.approx(100 * 3 / 4)


def test_no_file_is_made_of_a_network_whose_config_names_other_classes(
    network: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Path(network[0])
    text = config.read_text(encoding='utf-8')
    for given, said in (("['dog', 'bee', 'cat']", "'dog' here, 'bee' there"), ("['x']", "'x'")):
        added = f'\ntest_dataloader["dataset"]["classes"] = {given}\n'
        config.write_text(text + added, encoding='utf-8')
        before = sorted(tmp_path.iterdir())
        for tool, more in ((export_cli, ['--format', 'torch']), (publish_cli, [])):
            assert tool.main([*network, *more]) == 2
            error = capsys.readouterr().err
            assert 'the data set of the config has other classes than' in error
            assert said in error
        assert sorted(tmp_path.iterdir()) == before


def test_a_run_does_not_go_on_with_other_classes(
    network: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [network[0], '--work-dir', str(tmp_path / 'run')]
    assert train_cli.main(argv) == 0
    for split in ('train', 'test'):
        (photos / split / 'bee').rename(photos / split / 'zbee')
    again = [*argv, '--resume', '--cfg-options', 'train_cfg.max_epochs=2']
    assert train_cli.main(again) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "has other classes than '" in error
    assert (
        "epoch_1.pth', or another order: only the former has 'zbee' (did you mean 'bee'?)" in error
    )
