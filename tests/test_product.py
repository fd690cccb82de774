"""All members of all axes in pairs: a step repeats to the bit, evaluation draws nothing, criteria choose.

Every pair is in some case, unless it is undefined and refused. A restart and a second process: every member.
"""

import copy
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.errors import InvalidValueError
from ostrdet.models.searchers import ESTIMATES, SupernetProbe, block_pairs
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import EvaluatingCriterion, discretize
from ostrdet.structures import Genotype
from tests.fixtures.product import (
    AXES,
    COVER,
    FEW,
    FEWER,
    OPTIMIZERS,
    Case,
    batch,
    label,
    refusal,
    searcher,
)


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
