"""Every space with every relaxation, weighting and architecture update: a step, all criteria, a cell."""

import itertools
from typing import Any

import pytest
import torch
from mmpretrain.structures import DataSample

from ostrdet.engine.hooks.progress import set_progress
from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.registry import (
    CRITERIA,
    MODELS,
    PERTURBATIONS,
    REGULARIZERS,
    SPACES,
    WEIGHTINGS,
    build,
)
from ostrdet.selection import discretize
from ostrdet.structures import Genotype

CLASSES, BATCH, SIZE = 3, 4, 8
NUM_CELLS = 3  # the least with cells of every type
for registry in (CRITERIA, PERTURBATIONS, REGULARIZERS, SPACES, WEIGHTINGS):
    registry.import_from_location()
MIXED_OPS = ({'type': 'MixedOp'}, {'type': 'PartialChannelMixedOp', 'k': 2})
UPDATES = (
    {'type': 'FirstOrderUpdate'},
    {'type': 'UnrolledUpdate', 'hvp': 'finite_difference'},
    {'type': 'UnrolledUpdate', 'hvp': 'exact'},
)
OPTIMIZERS = {
    'weights': {
        'optimizer': {'type': 'SGD', 'lr': 0.025, 'momentum': 0.9, 'weight_decay': 3e-4},
        'clip_grad': {'max_norm': 5},
    },
    'arch': {'optimizer': {'type': 'Adam', 'lr': 3e-4, 'betas': (0.5, 0.999)}},
}


def batch(seed: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(BATCH, 3, SIZE, SIZE, generator=generator)
    labels = torch.randint(CLASSES, (BATCH,), generator=generator)
    return {'inputs': images, 'data_samples': [DataSample().set_gt_label(y) for y in labels]}


def searcher(
    space: str, mixed_op: Any, kind: str, edge_norm: bool, update: Any, **terms: Any
) -> Any:
    torch.manual_seed(0)
    supernet = {
        'type': 'Supernet',
        'space': {'type': space, 'num_nodes': 2},
        'channels': 4,
        'num_cells': NUM_CELLS,
        'num_classes': CLASSES,
        'mixed_op': mixed_op,
    }
    config = {
        'type': 'BilevelSearcher',
        'supernet': supernet,
        'weighting': {'type': kind, 'edge_norm': edge_norm},
        'arch_update': update,
        **terms,
    }
    return MODELS.build(config)


def name(part: Any) -> str:
    return '-'.join(map(str, part.values())) if isinstance(part, dict) else str(part)


PRODUCT = list(
    itertools.product(SPACES.module_dict, MIXED_OPS, WEIGHTINGS.module_dict, (False, True), UPDATES)
)


@pytest.mark.parametrize('parts', PRODUCT, ids=lambda parts: '|'.join(map(name, parts)))
def test_a_step_and_every_criterion(parts: tuple[Any, ...]) -> None:
    model = searcher(*parts)
    optimizers = BilevelOptimWrapperConstructor(OPTIMIZERS)(model)
    before = [parameter.detach().clone() for parameter in model.arch_parameters]
    criteria = {name: build(CRITERIA, {'type': name}) for name in CRITERIA.module_dict}
    logs = model.train_step((batch(1), batch(2)), optimizers)
    assert set(logs) == {'loss', 'arch_loss'}
    assert all(value.isfinite() for value in logs.values())
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    moved = zip(before, model.arch_parameters, strict=True)
    assert all(not torch.equal(old, new) for old, new in moved)
    state = model.arch_state()
    probe = model.probe_step(batch(2), optimizers)
    for criterion in criteria.values():
        is_fed = criterion.compares_all and model.weighting.is_hard
        criterion.observe(probe if is_fed else model.arch_step)
        genotype = discretize(model.space, criterion.scores(state), state.edge_weights)
        assert isinstance(genotype, Genotype)
        assert model.space.parse(model.space.format(genotype)) == genotype


#: The weighting that a term needs, where it is not the softmax.
FITTING = {'DirichletKL': 'DirichletWeighting', 'ZeroOne': 'SigmoidWeighting'}
TERMS = [
    *(
        {
            'regularizers': [{'type': name, 'weight': 2.0}],
            'weighting': {'type': FITTING.get(name, 'SoftmaxWeighting')},
        }
        for name in REGULARIZERS.module_dict
    ),
    *({'perturbation': {'type': name, 'epsilon': 0.3}} for name in PERTURBATIONS.module_dict),
    {'weighting': {'type': 'GumbelWeighting', 'tau': 2.0}},
    {'weighting': {'type': 'GumbelWeighting', 'hard': True}},
]


@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('space', SPACES.module_dict)
@pytest.mark.parametrize('terms', TERMS, ids=str)
def test_a_step_with_every_term(terms: dict[str, Any], space: str, engine: str) -> None:
    """Two steps from one seed are equal to the bit, and a term changes one; evaluation draws nothing."""
    found = []
    for chosen in ({}, terms, terms):
        model = searcher(space, MIXED_OPS[0], 'SoftmaxWeighting', True, UPDATES[0], **chosen)
        model.supernet.engine = engine
        set_progress(model, 1, 2)
        model.draw_seed = 7
        model.train_step((batch(1), batch(2)), BilevelOptimWrapperConstructor(OPTIMIZERS)(model))
        images = model.prepare(batch(3)).images
        with torch.no_grad():
            logits = [model.eval()(images) for _ in range(2)]
        assert torch.equal(*logits)
        found.append(torch.cat([value.flatten() for value in model.state_dict().values()]))
    assert torch.equal(found[1], found[2])
    assert not torch.equal(found[0], found[1])
