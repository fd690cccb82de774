"""Short trainings of cells: each is done once, and an interrupted one goes on."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ostrdet.analysis.correlation import correlation
from ostrdet.analysis.stand_alone import ShortTrainings
from ostrdet.apis.evaluate import evaluate
from ostrdet.apis.search import search
from ostrdet.spaces import build_space

SPACE = {
    'type': 'NASBench201Space',
    'num_nodes': 1,
    'ops': ['none', 'skip_connect', 'nor_conv_1x1'],
}


@pytest.fixture
def config(tmp_path: Path, quick_dump: None) -> Path:
    """The config of a training that takes a second."""
    from mmengine.config import Config

    cfg = Config.fromfile(
        Path(__file__).resolve().parents[2] / 'configs' / 'retrain' / 'nb201_digits.py'
    )
    cfg.merge_from_dict(
        {
            'model.backbone.space': SPACE,
            'model.backbone.channels': 4,
            'train_dataloader.dataset.size': 8,
            'train_dataloader.dataset.indices': range(0, 1437, 8),
            'train_dataloader.batch_size': 64,
            'val_dataloader.dataset.size': 8,
        }
    )
    path = tmp_path / 'short.py'
    cfg.dump(path)
    return path


def test_a_cell_is_trained_once_and_an_interrupted_training_goes_on(
    config: Path, tmp_path: Path
) -> None:
    genotype = build_space(SPACE).parse('|nor_conv_1x1~0|')
    accuracy = ShortTrainings(config, 2, tmp_path / 'runs', seed=3)
    found = accuracy(genotype)
    (folder,) = (tmp_path / 'runs' / 'short_2e_s3').iterdir()
    checkpoint = folder / 'epoch_2.pth'
    metrics = evaluate(folder / 'short.py', checkpoint, work_dir=tmp_path / 'test')
    assert found == metrics['accuracy/top1']
    written = checkpoint.stat().st_mtime_ns
    assert accuracy(genotype) == found
    assert checkpoint.stat().st_mtime_ns == written
    # As if it had been cut off in the second epoch: that epoch alone is run again
    result = folder / 'accuracy.json'
    assert json.loads(result.read_text()) == {'cell': '|nor_conv_1x1~0|', 'accuracy': found}
    result.unlink()
    checkpoint.unlink()
    first = (folder / 'epoch_1.pth').stat().st_mtime_ns
    assert accuracy(genotype) == found
    assert (folder / 'epoch_1.pth').stat().st_mtime_ns == first
    assert checkpoint.stat().st_mtime_ns > written


def test_other_epochs_and_seeds_are_other_trainings(tmp_path: Path) -> None:
    folders = {
        ShortTrainings('a/b.py', epochs, tmp_path, seed).folder.name
        for epochs, seed in ((1, 0), (2, 0), (1, 1))
    }
    assert folders == {'b_1e_s0', 'b_2e_s0', 'b_1e_s1'}


def test_correlation_by_retraining(tiny_config: Any, config: Path, tmp_path: Path) -> None:
    overrides = {'model.supernet.space': SPACE, 'train_cfg.max_epochs': 1}
    search(tiny_config(overrides), work_dir=tmp_path / 'search')
    out = tmp_path / 'out'
    rows = correlation([tmp_path / 'search'], out, retrain=config, epochs=1)
    assert {row['edge'] for row in rows} == {'1<-0'}
    results = [json.loads(path.read_text()) for path in out.glob('retrain/*/*/accuracy.json')]
    accuracies = {result['cell'][1:-3]: result['accuracy'] for result in results}
    assert set(accuracies) == set(SPACE['ops'])
    with (out / 'correlation_ops.csv').open(newline='', encoding='utf-8') as stream:
        for row in csv.DictReader(stream):
            assert float(row['accuracy']) == accuracies[row['op']]
