"""SGAS in a search and after it: decided edges rest, and run one candidate."""

from collections.abc import Callable
from typing import Any

import torch

from ostrdet.apis.select import select
from ostrdet.structures import load_genotype

DECIDES = {
    'default_hooks.selector.criterion': {'type': 'SGAS', 'first': 1, 'interval': 1},
    'train_cfg.max_epochs': 3,
    'default_hooks.checkpoint.max_keep_ckpts': -1,
}


def test_decided_edges_rest_and_every_criterion_keeps_them(run_search: Callable[..., Any]) -> None:
    run = run_search(overrides=DECIDES)
    checkpoints = [run.checkpoint(epoch) for epoch in (1, 2, 3)]
    codes = [one['selector']['decisions']['cell'] for one in checkpoints]
    assert [sum(code >= 0 for code in row) for row in codes] == [1, 2, 2]  # none after the last
    alphas = [one['state_dict']['alpha_cell'] for one in checkpoints]
    (first,) = (edge for edge, code in enumerate(codes[0]) if code >= 0)
    assert codes[1][first] == codes[0][first]
    moved = (alphas[1] != alphas[0]).any(dim=-1)
    assert moved.tolist() == [edge != first for edge in range(6)]
    for line, fixed in zip(run.lines[1:], codes, strict=False):
        row = line['op_weights']['cell'][first]
        assert row == [float(op == fixed[first]) for op in range(5)]
    space = run.runner.model.space
    for name, text in run.lines[-1]['genotypes'].items():
        cell = space.parse(text).cells['cell']
        chosen = [op for node in cell.nodes for op, _ in node]
        kept = [(op, code) for op, code in zip(chosen, codes[1], strict=True) if code >= 0]
        assert all(op == space.ops[code] for op, code in kept), name
    (found,) = select(run.folder, ['LossChange'], batches=1)
    chosen = [op for node in found.genotype.cells['cell'].nodes for op, _ in node]
    assert chosen[first] == space.ops[codes[0][first]]
    assert found.forward_passes == 1 + 4 * 5 + 2
    (own,) = select(run.folder, ['SGAS'])
    assert own.genotype.cells == load_genotype(run.folder / 'genotype.json').cells
    assert len(own.genotype.provenance['order']) == 2


def test_beside_another_criterion_it_decides_nothing(run_search: Callable[..., Any]) -> None:
    watching = [{'type': 'SGAS', 'first': 1, 'interval': 1}]
    alone = run_search('alone', {'default_hooks.selector.compare': ['Magnitude']})
    judged = run_search('judged', {'default_hooks.selector.compare': ['Magnitude', *watching]})
    one, other = (run.checkpoint(2) for run in (alone, judged))
    assert 'decisions' not in other['selector']
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name])
