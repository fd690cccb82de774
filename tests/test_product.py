"""All members of all axes in pairs: a step repeats to the bit, evaluation draws nothing, criteria choose.

Every pair is in some case, unless it is undefined and refused. A restart and a second process: every member.
"""

import copy
import itertools
import multiprocessing
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from mmpretrain.structures import DataSample

from ostrdet.engine.hooks.progress import set_progress
from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.errors import InvalidValueError
from ostrdet.models.searchers import ESTIMATES, SupernetProbe, block_pairs
from ostrdet.registry import (
    CRITERIA,
    MODELS,
    PERTURBATIONS,
    REGULARIZERS,
    SPACES,
    WEIGHTINGS,
    build,
)
from ostrdet.selection import EvaluatingCriterion, discretize
from ostrdet.structures import Genotype

CLASSES, BATCH, SIZE, NUM_CELLS = 3, 4, 8, 3  # the least with cells of every type
for registry in (CRITERIA, PERTURBATIONS, REGULARIZERS, SPACES, WEIGHTINGS):
    registry.import_from_location()
PARTIAL = {'type': 'PartialChannelMixedOp', 'k': 2}
AXES: dict[str, list[Any]] = {
    'space': sorted(SPACES.module_dict),
    'mixed_op': [
        {'type': 'MixedOp'},
        PARTIAL,
        {'type': 'AuxiliarySkipMixedOp'},
        {'type': 'AuxiliarySkipMixedOp', 'mixed_op': PARTIAL},
    ],
    'weighting': [
        *({'type': name} for name in sorted(WEIGHTINGS.module_dict)),
        {'type': 'GumbelWeighting', 'hard': True},
    ],
    'edge_norm': [False, True],
    'arch_update': [
        {'type': 'FirstOrderUpdate'},
        {'type': 'UnrolledUpdate', 'hvp': 'finite_difference'},
        {'type': 'UnrolledUpdate', 'hvp': 'exact'},
        {'type': 'ImplicitUpdate'},
    ],
    'regularizer': [None, *sorted(REGULARIZERS.module_dict)],
    'perturbation': [None, *sorted(PERTURBATIONS.module_dict)],
    'levels': [2, 1],
    'engine': ['fast', 'plain'],
    #: The criterion that evaluates the supernet; those that observe are in every case.
    'judge': [
        name for name, kind in CRITERIA.module_dict.items() if issubclass(kind, EvaluatingCriterion)
    ],
}
OPTIMIZERS = {
    'weights': {
        'optimizer': {'type': 'SGD', 'lr': 0.025, 'momentum': 0.9, 'weight_decay': 3e-4},
        'clip_grad': {'max_norm': 5},
    },
    'arch': {'optimizer': {'type': 'Adam', 'lr': 3e-4, 'betas': (0.5, 0.999)}},
}
#: The only weighting under which a regulariser has a meaning.
MADE_FOR = {'DirichletKL': 'DirichletWeighting', 'ZeroOne': 'SigmoidWeighting'}
KEEPS_ALL = {'NASBench201Space', 'DenseDARTSSpace', 'SparseDARTSSpace'}  # no choice of edges
#: Criteria whose number of candidates is for a real search.
FEW = {
    'RandomSearch': {'candidates': 2, 'statistics': 'batch'},
    'MostProbable': {'candidates': 2, 'statistics': 'batch'},
    'Shapley': {'samples': 1},
    'Evolution': {'generations': 2, 'population': 2, 'statistics': 'batch'},
    'AngleEvolution': {'generations': 2, 'population': 2},
    'TreeSearch': {'depth': 1},
}
Case = Mapping[str, Any]


def batch(seed: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(BATCH, 3, SIZE, SIZE, generator=generator)
    labels = torch.randint(CLASSES, (BATCH,), generator=generator)
    return {'inputs': images, 'data_samples': [DataSample().set_gt_label(y) for y in labels]}


def searcher(case: Case) -> Any:
    torch.manual_seed(0)
    supernet = {
        'type': 'Supernet',
        'space': {'type': case['space'], 'num_nodes': 2},
        'channels': 4,
        'num_cells': NUM_CELLS,
        'num_classes': CLASSES,
        'mixed_op': case['mixed_op'],
        'engine': case['engine'],
    }
    regularizer, perturbation = case['regularizer'], case['perturbation']
    model = MODELS.build(
        {
            'type': 'BilevelSearcher',
            'supernet': supernet,
            'weighting': {**case['weighting'], 'edge_norm': case['edge_norm']},
            'arch_update': case['arch_update'],
            'regularizers': [{'type': regularizer, 'weight': 2.0}] if regularizer else [],
            'perturbation': _perturbation(perturbation),
        }
    )
    if case['levels'] == 1:
        model.check_one_level()
    model.draw_seed = 7
    set_progress(model, 1, 2)
    return model.train()


def _perturbation(name: str | None) -> dict[str, Any] | None:
    if name is None:
        return None
    return {'type': name} if name == 'UniformPath' else {'type': name, 'epsilon': 0.3}


def refusal(case: Case) -> str:
    """What the message says of an undefined case; '' if it is defined."""
    weighting = case['weighting']['type']
    is_hard = weighting == 'CategoricalWeighting' or case['weighting'].get('hard', False)
    if MADE_FOR.get(case['regularizer'] or '', weighting) != weighting:
        return f'{case["regularizer"]} is made for'
    if weighting == 'TopologyWeighting' and case['edge_norm'] and case['space'] in KEEPS_ALL:
        return 'keep all of theirs'
    if (is_hard or weighting == 'GroupSoftmaxWeighting') and case['perturbation']:
        return 'leave out one of the two'
    if case['levels'] == 1 and case['arch_update']['type'] != 'FirstOrderUpdate':
        return 'arch_update: a search on one level'
    if case['levels'] == 1 and case['perturbation']:
        return 'perturbation: a search on one level'
    return ''


def pairs(case: tuple[int, ...]) -> set[tuple[tuple[int, int], ...]]:
    """The pairs of (axis, index of its member) in a case."""
    return set(itertools.combinations(enumerate(case), 2))


def as_case(indices: Sequence[int]) -> dict[str, Any]:
    axes = zip(AXES.items(), indices, strict=True)
    return {axis: members[index] for (axis, members), index in axes}


def cover(seed: int = 0, tries: int = 500) -> Iterator[Case]:
    """Cases that hold every pair which some defined case holds; greedy, among random completions."""
    rng, sizes = random.Random(seed), [len(members) for members in AXES.values()]
    axes = itertools.combinations(range(len(sizes)), 2)
    missing = {((a, i), (b, j)) for a, b in axes for i in range(sizes[a]) for j in range(sizes[b])}
    while missing:
        (axis, one), (other_axis, other) = pair = min(missing)
        tried = [[rng.randrange(size) for size in sizes] for _ in range(tries)]
        for indices in tried:
            indices[axis], indices[other_axis] = one, other
        defined = [tuple(indices) for indices in tried if not refusal(as_case(indices))]
        missing.discard(pair)
        if defined:
            best = max(defined, key=lambda case: len(pairs(case) & missing))
            missing -= pairs(best)
            yield as_case(best)


def label(case: Case) -> str:
    parts = (p.values() if isinstance(p, dict) else (p,) for p in case.values())
    return '|'.join('-'.join(map(str, part)) for part in parts)


COVER = list(cover())


def with_every_member() -> Iterator[Case]:
    """Cases of the cover that hold every member of every axis; fewer than hold every pair."""
    seen: set[str] = set()
    for case in COVER:
        members = {f'{axis} {member}' for axis, member in case.items()}
        if members - seen:
            yield case
        seen |= members


FEWER = list(with_every_member())


@pytest.mark.parametrize('case', COVER, ids=label)
def test_a_step_repeats_to_the_bit_and_every_criterion_chooses(case: Case) -> None:
    ends = []
    for _ in range(2):
        model, optimizers = built(case)
        before = [parameter.detach().clone() for parameter in model.arch_parameters]
        logs = step(model, optimizers, case, 1, 2)
        ends.append(state_of(model))
    assert torch.equal(*ends)
    assert list(logs) == ['loss', 'arch_loss'][: case['levels']]
    assert all(value.isfinite() for value in logs.values())
    assert ends[0].isfinite().all()
    assert not any(map(torch.equal, before, model.arch_parameters))
    check_evaluation(model)
    check_criteria(model, optimizers, case['judge'])


@pytest.mark.parametrize('case', FEWER, ids=label)
def test_a_step_after_a_restart_is_that_without_one(case: Case) -> None:
    straight, resumed = built(case), built(case)
    step(*straight, case, 1, 2)
    for source, target in zip(straight, resumed, strict=True):
        target.load_state_dict(copy.deepcopy(source.state_dict()))
    for run in (straight, resumed):
        step(*run, case, 3, 4)
    assert torch.equal(*(state_of(model) for model, _ in (straight, resumed)))


def built(case: Case) -> tuple[Any, Any]:
    """A searcher and its optimizers."""
    model = searcher(case)
    return model, BilevelOptimWrapperConstructor(OPTIMIZERS)(model)


def step(model: Any, optimizers: Any, case: Case, *seeds: int) -> Any:
    """A step on the batches of ``seeds``, one of each level."""
    return model.train_step([batch(seed) for seed in seeds][: case['levels']], optimizers)


def state_of(model: Any) -> torch.Tensor:
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def alphas_of_process(rank: int, folder: Path) -> None:
    """The child: alpha after a step of every case, on a batch of its own."""
    store = f'file://{folder}/store'
    torch.distributed.init_process_group('gloo', init_method=store, rank=rank, world_size=2)
    found = []
    for case in FEWER:
        model, optimizers = built(case)
        step(model, optimizers, case, rank + 1, rank + 3)
        found.append([alpha.detach().clone() for alpha in model.arch_parameters])
    torch.save(found, folder / str(rank))
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
def test_two_processes_with_batches_of_their_own_have_the_same_alphas(tmp_path: Path) -> None:
    context = multiprocessing.get_context('fork')
    children = [context.Process(target=alphas_of_process, args=(r, tmp_path)) for r in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    both = [torch.load(tmp_path / str(rank), weights_only=True) for rank in range(2)]
    for case, *alphas in zip(FEWER, *both, strict=True):
        assert all(map(torch.equal, *alphas)), label(case)


def check_evaluation(model: Any) -> None:
    images, state = model.prepare(batch(3)).images, torch.get_rng_state()
    with torch.no_grad():
        assert torch.equal(*(model.eval()(images) for _ in range(2)))
    assert torch.equal(torch.get_rng_state(), state)
    model.train()


def check_criteria(model: Any, optimizers: Any, judge: str) -> None:
    probe, state = model.probe_step(batch(2), optimizers), model.arch_state()
    pairs = block_pairs(model, model.prepare(batch(2)), ESTIMATES, not model.weighting.is_hard)
    for name in set(CRITERIA.module_dict) - {*AXES['judge']} | {judge}:
        if name == 'MostProbable' and any(s.keep_edges for s in model.space.cells.values()):
            continue
        criterion = build(CRITERIA, {'type': name, **FEW.get(name, {})})
        is_fed = criterion.compares_all and model.weighting.is_hard
        criterion.observe(replace(probe if is_fed else model.arch_step, pairs=pairs))
        if isinstance(criterion, EvaluatingCriterion):
            criterion.begin(dict(model.bare_supernet.named_parameters()))
            criterion.evaluate(SupernetProbe(model, [model.prepare(batch(2))]), state)
        genotype = discretize(model.space, criterion.scores(state), state.edge_weights)
        assert isinstance(genotype, Genotype)
        assert model.space.parse(model.space.format(genotype)) == genotype


UNDEFINED = [
    {'regularizer': 'ZeroOne'},
    {'regularizer': 'DirichletKL', 'weighting': {'type': 'SigmoidWeighting'}},
    {'space': 'NASBench201Space', 'weighting': {'type': 'TopologyWeighting'}, 'edge_norm': True},
    {'weighting': {'type': 'CategoricalWeighting'}, 'perturbation': 'AdversarialSmoothing'},
    {'weighting': {'type': 'GumbelWeighting', 'hard': True}, 'perturbation': 'RandomSmoothing'},
    {'levels': 1, 'arch_update': {'type': 'UnrolledUpdate'}},
    {'levels': 1, 'perturbation': 'RandomSmoothing'},
]


@pytest.mark.parametrize('changes', UNDEFINED, ids=str)
def test_undefined_cases_are_refused(changes: dict[str, Any]) -> None:
    plain = {axis: members[0] for axis, members in AXES.items()}
    case = {**plain, 'weighting': {'type': 'SoftmaxWeighting'}, **changes}
    assert refusal(case)
    with pytest.raises(InvalidValueError, match=refusal(case)):
        searcher(case)
