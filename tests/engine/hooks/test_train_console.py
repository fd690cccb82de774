"""What a training says."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.evaluate import evaluate
from ostrdet.apis.train import train
from ostrdet.engine.hooks.train_console import describe_metrics
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import save_genotype

HEADINGS = ['genotype', 'network', 'data', 'training', 'device', 'work dir']


def test_a_training_in_plain_lines(
    tiny_training: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tiny_training(), work_dir=tmp_path)
    lines = capsys.readouterr().out.splitlines()
    plan = dict(zip(HEADINGS, lines, strict=False))
    assert all(line.startswith(heading) for heading, line in plan.items())
    why = 'darts_v2, as the config has it and --genotype was not given'
    assert f'{why}: DARTSSpace, DARTS_V2 of quark0/darts' in plan['genotype']
    assert '60 images of Digits, 4 iterations of 16 per epoch' in plan['data']
    assert 'from epoch 1 of 2, SGD, learning rate 0.025, seed 0' in plan['training']
    first, second, *end = lines[len(HEADINGS) :]
    for epoch, line in enumerate((first, second), start=1):
        assert line.startswith(f'epoch {epoch}/2: loss ')
        assert 'loss_aux' in line
        assert 'accuracy/top1 ' in line
        assert ', ETA ' in line
    assert end == [
        f'checkpoint: {tmp_path / "epoch_2.pth"}',
        f'next: python tools/test.py {tmp_path / "darts_c10.py"} {tmp_path / "epoch_2.pth"}',
    ]
    assert (tmp_path / 'darts_c10.py').is_file()


def test_a_training_without_checkpoints_names_none(
    tiny_training: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = {'train_cfg.max_epochs': 1, 'default_hooks.checkpoint': None}
    train(tiny_training(overrides), work_dir=tmp_path)
    assert capsys.readouterr().out.splitlines()[-1] == 'done; no checkpoint was written'


def test_a_searched_genotype_tells_its_search(
    tiny_training: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {'criterion': 'Magnitude', 'epoch': 50, 'seed': 3, 'config': 'ostr_darts_c10.py'}
    path = tmp_path / 'genotype.json'
    save_genotype(replace(get_genotype('darts_v1'), provenance=found), path)
    cfg = tiny_training({'train_cfg.max_epochs': 1})
    train(cfg, genotype=path, work_dir=tmp_path / 'run')
    first = capsys.readouterr().out.splitlines()[0]
    origin = 'chosen by Magnitude after epoch 50 of ostr_darts_c10.py, seed 3'
    told = f'{path}, given by --genotype: DARTSSpace, {origin}'
    assert first.split(maxsplit=1) == ['genotype', told]


def test_metrics_that_are_no_number_stop_nothing(tiny_training: Any, tmp_path: Path) -> None:
    metrics = [{'type': 'Accuracy', 'topk': 1}, {'type': 'ConfusionMatrix'}]
    config = tiny_training({'val_evaluator': metrics, 'test_evaluator': metrics})
    train(config, work_dir=tmp_path)
    out = tmp_path / 'metrics.json'
    found = evaluate(config, next(tmp_path.glob('epoch_*.pth')), out=out, work_dir=tmp_path / 't')
    assert json.loads(out.read_text()) == found
    matrix = torch.tensor(found['confusion_matrix/result'])
    assert matrix.shape == (10, 10)
    share = 100 * matrix.trace() / matrix.sum()
    assert float(share) == pytest.approx(found['accuracy/top1'], rel=1e-4)
    text = describe_metrics({'a': torch.tensor(0.5), 'b': matrix, 'c': [1.0, 2.0]})
    assert text == 'a 0.5'
