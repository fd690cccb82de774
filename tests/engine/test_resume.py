"""Resuming: a search that was interrupted ends in the same bits as one that was not."""

from multiprocessing import active_children
from typing import Any

import pytest
import torch

from ostrdet.structures import load_genotype
from tests.reliability.same_numbers import differences

PLAIN: dict[str, Any] = {}
#: Everything that draws, counts or has a state of its own.
RICH = {
    'model.supernet.mixed_op': {'type': 'PartialChannelMixedOp', 'k': 2},
    'model.weighting.edge_norm': True,
    'model.arch_update.type': 'UnrolledUpdate',
    'model.regularizers': [
        {'type': 'BetaDecay', 'weight': {'type': 'Linear', 'start': 1, 'end': 50}}
    ],
    'model.perturbation': {
        'type': 'RandomSmoothing',
        'epsilon': {'type': 'Linear', 'start': 0.03, 'end': 0.3},
    },
    'train_cfg.portions': (0.05, 0.025),
    'default_hooks.selector.patience': 5,
    'default_hooks.selector.criterion.type': 'Magnitude',
    'train_dataloader.dataset.pipeline.0.flip_prob': 0.5,
}
#: Searches that draw, fade, or have one level.
RIVALS = {
    'gdas': {
        'model.weighting': {
            'type': 'GumbelWeighting',
            'hard': True,
            'tau': {'type': 'LinearToLast', 'start': 10, 'end': 0.1},
        },
        'default_hooks.selector.probe': 2,
    },
    'drnas': {
        'model.weighting': {'type': 'DirichletWeighting'},
        'model.regularizers': [{'type': 'DirichletKL', 'weight': 1e-3}],
    },
    'darts-minus': {
        'model.supernet.mixed_op': {
            'type': 'AuxiliarySkipMixedOp',
            'coefficient': {'type': 'Linear', 'start': 1, 'end': 0},
        },
    },
    'sdarts-adv': {
        'model.perturbation': {
            'type': 'AdversarialSmoothing',
            'epsilon': {'type': 'Linear', 'start': 0.03, 'end': 0.3},
        },
    },
    'snas': {
        'model.weighting': {'type': 'GumbelWeighting', 'tau': 0.5},
        'train_cfg.portions': (0.05,),
    },
    'dropnas': {
        'model.weighting': {'type': 'GroupDropWeighting', 'rate': 0.3},
        'model.regularizers': [{'type': 'AlphaDecay', 'weight': 2e-3}],
        'train_cfg.portions': (0.05,),
    },
    'p-darts': {
        'model.supernet.mixed_op': {
            'type': 'SkipDropoutMixedOp',
            'rate': 0.4,
            'frozen_epochs': 1,
        },
        'train_cfg.arch_start_epoch': 1,
    },
    'dsnas': {
        'model.weighting': {'type': 'CategoricalWeighting'},
        'model.early_fix': 2e-4,
        'model.regularizers': [{'type': 'ExpectedCost', 'weight': 0.1}],
        'train_cfg.portions': (0.05,),
        'default_hooks.selector.criterion.type': 'Magnitude',
        'default_hooks.selector.compare': ['AlphaSaliency'],
    },
    'interval': {'train_cfg.arch_interval': 3},
    'second order': {
        'default_hooks.selector.criterion': {'type': 'SecondOrderStrength', 'interval': 3},
        'default_hooks.selector.compare': ['GaussNewtonStrength'],
        'default_hooks.selector.window': 2,
    },
    'stop rules': {
        'default_hooks.selector.stop': [
            {'type': 'CurvatureRise', 'interval': 1, 'first': 0, 'window': 1, 'factor': 1e3},
            {'type': 'StableRanks'},
            {'type': 'TooManySkips', 'skips': 7},
        ],
    },
    'shapley': {
        'default_hooks.selector.criterion': {'type': 'Shapley', 'when': 'epoch', 'samples': 2},
        'train_cfg.arch_start_epoch': 2,
    },
    'sgas': {
        'default_hooks.selector.criterion': {
            'type': 'SGAS',
            'variant': 2,
            'first': 1,
            'interval': 1,
        },
    },
    'idarts': {'model.arch_update.type': 'ImplicitUpdate', 'train_cfg.arch_interval': 2},
}
STATE = ('state_dict', 'optimizer', 'param_schedulers', 'selector')


def end(run: Any) -> dict[str, Any]:
    """All that the second epoch read, drew and left, but for its duration."""
    checkpoint = run.checkpoint(2)
    return {
        **{part: checkpoint[part] for part in STATE},
        'counters': [checkpoint['meta'][key] for key in ('epoch', 'iter', 'seed')],
        'iterations': run.iterations[-4:],
        'trajectory': {**run.lines[-1], 'seconds': None},
        'genotype': load_genotype(run.folder / 'genotype.json').to_dict(),
    }


@pytest.mark.parametrize(
    'overrides', [PLAIN, RICH, *RIVALS.values()], ids=['plain', 'rich', *RIVALS]
)
def test_two_epochs_are_one_epoch_and_a_resumed_one(
    run_search: Any, overrides: dict[str, Any]
) -> None:
    straight = run_search('straight', overrides)
    checkpoint = straight.folder / 'epoch_1.pth'
    resumed = run_search('resumed', overrides, resume=str(checkpoint))
    assert [record['epoch'] for record in resumed.iterations] == [1] * 4
    assert [line['epoch'] for line in resumed.lines] == [2]
    assert list(differences(end(straight), end(resumed))) == []


def test_the_compared_search_decides_edges_early(run_search: Any) -> None:
    run = run_search(overrides=RIVALS['dsnas'])
    fixed = [run.checkpoint(epoch)['state_dict']['early_fix.fixed_cell'] for epoch in (1, 2)]
    alphas = [run.checkpoint(epoch)['state_dict']['alpha_cell'] for epoch in (1, 2)]
    assert 0 < fixed[0].sum() < fixed[1].sum()
    assert torch.equal(alphas[0][fixed[1]], alphas[1][fixed[1]])
    assert not torch.equal(*alphas) or fixed[1].all()


def test_the_compared_state_is_all_there_and_moves(two_epochs: Any) -> None:
    first, second = two_epochs.checkpoint(1), two_epochs.checkpoint(2)
    assert {'alpha_cell', 'supernet.classifier.weight'} <= set(first['state_dict'])
    assert set(first['optimizer']) == {'weights', 'arch'}
    assert set(first['param_schedulers']) == {'weights', 'arch'}
    for part in STATE:
        assert list(differences(first[part], second[part]))
    criteria = second['selector']['criteria']
    assert {name: state.get('observed') for name, state in criteria.items()} == {
        'OperationStrength': 4,
        'OperationStrengthStar': 4,
        'PruningSaliency': 4,
        'AlphaSaliency': 4,
        'Magnitude': None,
    }
    assert criteria['OperationStrength']['sums']['cell'].dtype == torch.float64


@pytest.mark.parametrize('persistent', [False, True])
def test_the_number_of_workers_does_not_matter(run_search: Any, persistent: bool) -> None:
    overrides = {
        'train_cfg.portions': (0.1, 0.025),
        'train_dataloader.dataset.pipeline.0.flip_prob': 0.5,
    }
    alone = run_search('alone', overrides)
    workers = {'train_dataloader.num_workers': 2, 'val_dataloader.num_workers': 1}
    kept = {f'{loader}_dataloader.persistent_workers': persistent for loader in ('train', 'val')}
    spread = run_search('workers', {**overrides, **workers, **kept})
    assert list(differences(end(alone), end(spread))) == []


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(
    run_search: Any, two_epochs: Any
) -> None:
    assert list(differences(end(two_epochs), end(run_search('same')))) == []
    other = run_search('other', seed=1)
    assert two_epochs.iterations[0]['weights'] != other.iterations[0]['weights']
    assert two_epochs.lines[-1]['alphas'] != other.lines[-1]['alphas']


def test_a_checkpoint_of_another_seed_is_refused(run_search: Any, two_epochs: Any) -> None:
    checkpoint = two_epochs.folder / 'epoch_1.pth'
    with pytest.raises(ValueError, match=r'randomness\.seed=0, this one has 1; give --seed 0'):
        run_search(resume=str(checkpoint), seed=1)


def test_resuming_in_place_writes_the_dropped_epochs_again(run_search: Any) -> None:
    whole = run_search()
    before, later = whole.lines, whole.folder / 'genotypes' / 'epoch_007.json'
    later.write_text('left over')
    with (whole.folder / 'trajectory.jsonl').open('a') as stream:
        stream.write('{"epoch": 7, "alphas"')
    again = run_search(resume=str(whole.folder / 'epoch_1.pth'))
    assert not later.exists()
    assert [{**line, 'seconds': None} for line in again.lines] == [
        {**line, 'seconds': None} for line in before
    ]


def test_resuming_a_finished_search_changes_nothing(run_search: Any) -> None:
    def files(folder: Any) -> dict[str, bytes]:
        shown = [*folder.glob('*.json*'), *folder.glob('genotypes/*')]
        return {file.name: file.read_bytes() for file in shown}

    finished = run_search()
    before = files(finished.folder)
    resumed = run_search(resume='auto')
    assert resumed.iterations == []
    assert files(finished.folder) == before


def test_no_worker_process_outlives_the_search(run_search: Any) -> None:
    run_search(
        overrides={
            'train_cfg.max_epochs': 1,
            'train_dataloader.num_workers': 1,
            'train_dataloader.persistent_workers': True,
            'val_dataloader.num_workers': 1,
            'val_dataloader.persistent_workers': True,
        }
    )
    assert active_children() == []
