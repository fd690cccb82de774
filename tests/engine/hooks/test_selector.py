"""Selection at the end of every epoch: what is written, when a search stops, what a table adds."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.search import build_search
from ostrdet.engine.hooks import SelectorHook
from ostrdet.evaluation import BenchmarkError
from ostrdet.selection import PAPER_CRITERIA, OperationStrengthStar
from ostrdet.spaces import NASBench201Space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import ArchStep, load_genotype

EDGES, OPS = 6, 5
HEADER = 'arch,cifar10,cifar100,imagenet16_120\n'
#: Alpha stands still, and with it the magnitude's genotype.
STILL = {
    'optim_wrapper.arch.optimizer.lr': 0.0,
    'default_hooks.selector.criterion.type': 'Magnitude',
    'train_cfg.portions': (0.015, 0.015),
}


def shape(rows: list[list[float]]) -> tuple[int, int]:
    (width,) = {len(row) for row in rows}
    return len(rows), width


def test_a_line_holds_what_the_contract_names(two_epochs: Any) -> None:
    for epoch, line in enumerate(two_epochs.lines, start=1):
        assert list(line) == [
            'epoch',
            'alphas',
            'op_weights',
            'edge_weights',
            'scores',
            'genotypes',
            'benchmark',
            'skipped',
            'val_accuracy',
            'stable_epochs',
            'seconds',
            'losses',
            'progress',
        ]
        assert line['epoch'] == epoch
        assert line['edge_weights'] == {'cell': None}
        assert list(line['scores']) == list(line['genotypes']) == list(PAPER_CRITERIA)
        for rows in (line['alphas'], line['op_weights'], *line['scores'].values()):
            assert (list(rows), shape(rows['cell'])) == (['cell'], (EDGES, OPS))
        assert line['benchmark'] is None
        assert line['skipped'] == dict.fromkeys(PAPER_CRITERIA, 0)
        assert 0 <= line['val_accuracy'] <= 100
        assert isinstance(line['stable_epochs'], int)
        assert line['seconds'] > 0


def test_a_line_holds_the_mean_losses_of_its_epoch(two_epochs: Any) -> None:
    for name in ('loss', 'arch_loss'):
        losses = [iteration[name] for iteration in two_epochs.iterations]
        half = len(losses) // 2
        for line, part in zip(two_epochs.lines, (losses[:half], losses[half:]), strict=True):
            assert line['losses'][name] == pytest.approx(sum(part) / half, rel=1e-6)


def test_a_line_holds_the_weights_of_its_alphas(two_epochs: Any) -> None:
    for epoch, line in enumerate(two_epochs.lines, start=1):
        alphas = torch.tensor(line['alphas']['cell'])
        weights = torch.tensor(line['op_weights']['cell'])
        assert torch.equal(alphas, two_epochs.checkpoint(epoch)['state_dict']['alpha_cell'])
        torch.testing.assert_close(weights, alphas.softmax(dim=-1))
        assert line['scores']['Magnitude'] == line['op_weights']


def test_with_edge_normalisation_it_holds_edge_weights(run_search: Any) -> None:
    overrides = {'model.weighting.edge_norm': True, 'train_cfg.max_epochs': 1}
    (line,) = run_search(overrides=overrides).lines
    weights = line['edge_weights']['cell']
    sums = [weights[0], sum(weights[1:3]), sum(weights[3:6])]  # by node
    assert sums == pytest.approx([1, 1, 1])


def test_every_genotype_is_the_argmax_of_its_scores(two_epochs: Any) -> None:
    space = NASBench201Space()
    for line in two_epochs.lines:
        for criterion, text in line['genotypes'].items():
            nodes = space.parse(text).cells['cell'].nodes
            found = [space.ops.index(op) for node in nodes for op, _ in node]
            scores = torch.tensor(line['scores'][criterion]['cell'], dtype=torch.float64)
            chosen = scores.gather(1, torch.tensor(found)[:, None]).squeeze(1)
            torch.testing.assert_close(chosen, scores.amax(dim=1), rtol=1e-5, atol=0)


def test_genotype_files_are_those_of_the_configured_criterion(run_search: Any) -> None:
    overrides = {'default_hooks.selector.criterion.type': 'PruningSaliency'}
    run = run_search(overrides=overrides, seed=3)
    space = NASBench201Space()
    for epoch, line in enumerate(run.lines, start=1):
        genotype = load_genotype(run.folder / 'genotypes' / f'epoch_{epoch:03d}.json')
        assert space.format(genotype) == line['genotypes']['PruningSaliency']
        assert genotype.provenance['criterion'] == 'PruningSaliency'
        assert (genotype.provenance['epoch'], genotype.provenance['seed']) == (epoch, 3)
        assert genotype.provenance['config'] == 'ostr_nb201_digits.py'
        assert set(genotype.provenance['versions']) == {'ostrdet', 'torch'}
    last = (run.folder / 'genotypes' / 'epoch_002.json').read_bytes()
    assert (run.folder / 'genotype.json').read_bytes() == last
    assert get_genotype(run.folder / 'genotype.json').cells == genotype.cells
    assert next(iter(run.lines[0]['scores'])) == 'PruningSaliency'
    assert sorted(run.lines[0]['scores']) == sorted(PAPER_CRITERIA)


def test_a_stable_genotype_stops_the_search(run_search: Any) -> None:
    overrides = {**STILL, 'train_cfg.max_epochs': 9, 'default_hooks.selector.patience': 2}
    run = run_search(overrides=overrides)
    assert [line['stable_epochs'] for line in run.lines] == [0, 1, 2]
    before = (run.folder / 'trajectory.jsonl').read_bytes()
    resumed = run_search(overrides=overrides, resume='auto')
    assert resumed.iterations == []
    assert (run.folder / 'trajectory.jsonl').read_bytes() == before


def test_more_patience_goes_on_with_a_stopped_search(run_search: Any) -> None:
    overrides = {**STILL, 'train_cfg.max_epochs': 4, 'default_hooks.selector.patience': 1}
    assert len(run_search(overrides=overrides).lines) == 2
    patient = {**overrides, 'default_hooks.selector.patience': 2}
    lines = run_search(overrides=patient, resume='auto').lines
    assert [line['stable_epochs'] for line in lines] == [0, 1, 2]


def test_epochs_in_which_alpha_is_frozen_are_not_stable(run_search: Any) -> None:
    overrides = {
        **STILL,
        'train_cfg.max_epochs': 9,
        'train_cfg.arch_start_epoch': 2,
        'default_hooks.selector.patience': 1,
    }
    lines = run_search(overrides=overrides).lines
    assert [line['stable_epochs'] for line in lines] == [0, 0, 0, 1]
    assert len({line['genotypes']['Magnitude'] for line in lines}) == 1


def test_a_changed_genotype_is_not_stable(run_search: Any) -> None:
    overrides = {**STILL, 'optim_wrapper.arch.optimizer.lr': 1.0, 'train_cfg.max_epochs': 3}
    lines = run_search(overrides=overrides).lines
    changed = [a['genotypes'] != b['genotypes'] for a, b in pairwise(lines)]
    magnitudes = [line['genotypes']['Magnitude'] for line in lines]
    assert any(changed)
    expected = [0]
    for before, after in pairwise(magnitudes):
        expected.append(expected[-1] + 1 if before == after else 0)
    assert [line['stable_epochs'] for line in lines] == expected
    assert 0 in expected[1:]


def test_a_minibatch_that_is_not_finite_is_counted_and_left_out(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad_scores(_: Any, step: ArchStep, cell_type: str) -> torch.Tensor:
        return step.state.op_weights[cell_type].log()

    monkeypatch.setattr(OperationStrengthStar, 'minibatch_scores', bad_scores)
    overrides = {
        'model.init_std': 200.0,  # weights of zero
        'train_cfg.max_epochs': 1,
    }
    (line,) = run_search(overrides=overrides).lines
    assert line['skipped']['OperationStrengthStar'] == 4
    assert line['skipped']['OperationStrength'] == 0
    assert line['scores']['OperationStrengthStar'] is None
    assert line['genotypes']['OperationStrengthStar'] is None
    assert line['genotypes']['OperationStrength'] is not None


def table(folder: Path, cells: list[str]) -> Path:
    path = folder / 'table.csv'
    rows = (f'{cell},{90 + i},{70 + i},{40 + i}\n' for i, cell in enumerate(cells))
    path.write_text(HEADER + ''.join(rows), encoding='utf-8')
    return path


def test_a_table_gives_the_accuracy_of_every_criterion_that_it_knows(
    run_search: Any, two_epochs: Any, tmp_path: Path
) -> None:
    genotypes = [line['genotypes'] for line in two_epochs.lines]
    known = list(dict.fromkeys(found['OperationStrength'] for found in genotypes))
    run = run_search(benchmark=table(tmp_path, known))
    for line, found in zip(run.lines, genotypes, strict=True):
        assert line['genotypes'] == found
        expected = {
            name: None
            if text not in known
            else {
                'cifar10': 90 + known.index(text),
                'cifar100': 70 + known.index(text),
                'imagenet16_120': 40 + known.index(text),
            }
            for name, text in found.items()
        }
        assert line['benchmark'] == expected
        assert line['benchmark']['Magnitude'] is None
    log = (run.folder / 'run.log').read_text(encoding='utf-8')
    unknown = {text for found in genotypes for text in found.values()} - set(known)
    for cell in unknown:
        assert log.count(f"does not hold the cell '{cell}'") == 1
    assert log.count('does not hold the cell') == len(unknown)


@pytest.mark.parametrize(
    'space', [{'num_nodes': 2}, {'ops': ['skip_connect', 'sep_conv_3x3']}], ids=['nodes', 'ops']
)
def test_a_table_of_another_space_is_refused_before_the_first_iteration(
    run_search: Any, tmp_path: Path, space: dict[str, Any]
) -> None:
    cell = '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|'
    path = table(tmp_path, [cell])
    overrides = {f'model.supernet.space.{key}': value for key, value in space.items()}
    with pytest.raises(BenchmarkError, match=rf"'{path}' \(1 cells\) holds no cell of the space"):
        run_search(overrides=overrides, benchmark=path)
    assert not (tmp_path / 'run' / 'trajectory.jsonl').exists()


def test_a_table_of_a_wider_space_will_do(run_search: Any, tmp_path: Path) -> None:
    ops = ['skip_connect', 'nor_conv_3x3', 'avg_pool_3x3']
    cells = [
        '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|',
        '|skip_connect~0|+|skip_connect~0|avg_pool_3x3~1|+|nor_conv_3x3~0|skip_connect~1|skip_connect~2|',
    ]
    overrides = {'model.supernet.space.ops': ops, 'train_cfg.max_epochs': 1}
    (line,) = run_search(overrides=overrides, benchmark=table(tmp_path, cells)).lines
    assert list(line['benchmark']) == list(PAPER_CRITERIA)


def test_the_real_table(run_search: Any, shared_data: Path) -> None:
    path = shared_data / 'nasbench201_test_accuracy_200ep.csv'
    (line,) = run_search(overrides={'train_cfg.max_epochs': 1}, benchmark=path).lines
    with path.open(encoding='utf-8', newline='') as stream:
        rows = {row['arch']: row for row in csv.DictReader(stream)}
    for criterion, text in line['genotypes'].items():
        found = line['benchmark'][criterion]
        assert found == {name: float(rows[text][name]) for name in HEADER.strip().split(',')[1:]}


@pytest.mark.parametrize('patience', [0, -1, 1.5, 'five'])
def test_patience_out_of_range(patience: Any) -> None:
    with pytest.raises(ValueError, match=rf'selector\.patience={patience!r}, expected None or a'):
        SelectorHook(patience=patience)


def test_unknown_criteria() -> None:
    with pytest.raises(KeyError, match="Did you mean 'Magnitude'"):
        SelectorHook(criterion={'type': 'Magnitud'})
    with pytest.raises(KeyError, match="Did you mean 'AlphaSaliency'"):
        SelectorHook(compare=['AlphaSalience'])


def test_only_the_configured_criterion_if_nothing_is_compared(run_search: Any) -> None:
    overrides = {'default_hooks.selector.compare': [], 'train_cfg.max_epochs': 1}
    (line,) = run_search(overrides=overrides).lines
    assert list(line['scores']) == ['OperationStrength']


def test_the_state_survives_a_checkpoint(two_epochs: Any) -> None:
    saved = two_epochs.checkpoint(2)
    hook = SelectorHook(criterion={'type': 'Magnitude'}, compare=('OperationStrength',))
    hook.after_load_checkpoint(two_epochs.runner, saved)
    again: dict[str, Any] = {}
    hook.before_save_checkpoint(two_epochs.runner, again)
    known, selector = saved['selector'], again['selector']
    assert selector['genotypes'] == known['genotypes']
    assert selector['stable_epochs'] == known['stable_epochs']
    assert list(selector['criteria']) == ['Magnitude', 'OperationStrength']
    sums, kept = (s['criteria']['OperationStrength']['sums']['cell'] for s in (known, selector))
    assert torch.equal(sums, kept)


def test_a_checkpoint_without_a_selection_starts_one(tiny_config: Any, tmp_path: Path) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    hook = SelectorHook()
    hook.after_load_checkpoint(runner, {'state_dict': {}})
    assert (hook.genotypes, hook.stable_epochs) == ({}, 0)


def test_the_trajectory_is_plain_json(two_epochs: Any) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    for line in (two_epochs.folder / 'trajectory.jsonl').read_text(encoding='utf-8').splitlines():
        json.loads(line, parse_constant=refuse)
