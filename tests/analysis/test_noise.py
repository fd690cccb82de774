"""``tools/analyze.py noise``: its numbers are those of the checkpoint, and nothing is written there."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.analysis.gradient_noise import normal_strength
from ostrdet.analysis.noise import measure
from ostrdet.apis.open_search import OpenSearch
from ostrdet.commands.analyze import main

OPS = ('none', 'skip_connect', 'nor_conv_1x1', 'avg_pool_3x3')
EDGES = ('1<-0', '2<-0', '2<-1')


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Sizes and times of change of all files."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob('*')}


def test_rows_are_those_of_the_checkpoint(
    searches: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = searches.folders[0]
    before = contents(folder)
    argv = ['noise', str(folder), '--batch-sizes', '16', '4', '--batches', '2']
    path = folder / 'epoch_1.pth'
    assert main([*argv, '--checkpoint', str(path), '--out', str(tmp_path)]) == 0
    assert contents(folder) == before
    assert {file.name for file in tmp_path.iterdir()} == {'noise.csv', 'noise.svg'}
    with (tmp_path / 'noise.csv').open(newline='', encoding='utf-8') as stream:
        rows = list(csv.DictReader(stream))
    assert [row['batch_size'] for row in rows] == ['4'] * 12 + ['16'] * 12
    search = OpenSearch(folder, num_batches=2)
    search.load(path)
    images = torch.cat([batch.images for batch in search.batches])
    labels = torch.cat([batch.labels for batch in search.batches])
    weights = search.searcher.arch_state().op_weights['cell']
    for size in (4, 16):
        grads = []
        for at in range(0, 32, size):
            batch = search.batches[0]._replace(
                images=images[at : at + size], labels=labels[at : at + size]
            )
            loss = search.searcher.mix_loss(batch, search.searcher.mix())
            grads += torch.autograd.grad(loss, search.searcher.alpha_cell)
        g = torch.stack(grads)
        for row in (row for row in rows if row['batch_size'] == str(size)):
            e, o = EDGES.index(row['edge']), OPS.index(row['op'])
            assert int(row['minibatches']) == len(g) == 32 // size
            assert float(row['strength']) == pytest.approx(g.abs().mean(0)[e, o].item(), rel=1e-9)
            assert float(row['signal']) == pytest.approx(g.mean(0)[e, o].abs().item(), rel=1e-9)
            assert float(row['noise']) == pytest.approx(g.std(0)[e, o].item(), rel=1e-9)
            normal = normal_strength(g.mean(0).abs(), g.std(0))[e, o].item()
            assert float(row['normal']) == pytest.approx(normal, rel=1e-9)
            assert float(row['weight']) == weights[e, o].item()
    shown = capsys.readouterr().out
    assert 'gradients of alpha after epoch 1, 32 images' in shown
    assert len(re.findall(r'^\| cell \d<-\d +\| +(?:4|16) \|', shown, re.MULTILINE)) == 6


def test_measuring_leaves_weights_statistics_alpha_and_generators(searches: Any) -> None:
    search = OpenSearch(searches.folders[0], num_batches=2)
    search.load(searches.folders[0] / 'epoch_2.pth')
    before = {name: value.clone() for name, value in search.searcher.state_dict().items()}
    drawn = torch.get_rng_state()
    first = measure(search.searcher, search.batches)
    after = search.searcher.state_dict()
    assert any('running_mean' in name for name in before)
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(torch.get_rng_state(), drawn)
    second = measure(search.searcher, search.batches)
    for name, strength in first.strength.items():
        assert torch.equal(strength, second.strength[name])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--batches', '1'], '--batches 1: expected at least 2'),
        (['--batch-sizes', '0', '8'], '--batch-sizes 0: expected at least 1'),
        (['--batches', '99', '--batch-sizes', '8'], '--batches 99: expected 1 to 9'),
        (['--batches', '2', '--batch-sizes', '512'], 'train_dataloader.batch_size=512 is larger'),
        (['--ops', 'skip', 'none', '--batches', '2', '--batch-sizes', '8'], "--ops 'skip' is none"),
        (['--checkpoint', 'no.pth', '--batches', '2', '--batch-sizes', '8'], 'no.pth: No such file'),
    ],
)  # fmt: skip
def test_bad_input_is_answered_with_one_line(
    refuses: Any, options: list[str], message: str
) -> None:
    refuses('noise', options, message)
