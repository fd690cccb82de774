"""Two optimizers that share no parameter: what each owns, clips, schedules, and refuses."""

import math
from collections.abc import Iterable
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict
from torch import Tensor

from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.registry import MODELS

SGD = {'optimizer': {'type': 'SGD', 'lr': 0.1}}
ADAM = {'optimizer': {'type': 'Adam', 'lr': 1e-3}}


@pytest.fixture
def searcher(tiny_config: Any) -> Any:
    torch.manual_seed(0)
    cfg = tiny_config({'model.weighting.edge_norm': True})
    return MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})


@pytest.fixture
def batches(tiny_config: Any, tmp_path: Any) -> Any:
    from ostrdet.apis.search import build_search

    return next(build_search(tiny_config(), work_dir=tmp_path).train_loop.pairs())


def build(searcher: Any, **wrappers: Any) -> OptimWrapperDict:
    return BilevelOptimWrapperConstructor({'weights': SGD, 'arch': ADAM, **wrappers})(searcher)


def parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [weight for group in optimizer.param_groups for weight in group['params']]


def ids(tensors: Iterable[Tensor]) -> set[int]:
    return {id(tensor) for tensor in tensors}


def test_one_owns_the_supernet_the_other_alpha_and_beta(searcher: Any) -> None:
    wrappers = build(searcher)
    assert set(wrappers.keys()) == {'weights', 'arch'}
    weights, arch = (parameters(wrappers[name].optimizer) for name in ('weights', 'arch'))
    assert ids(weights) == ids(searcher.supernet.parameters())
    assert ids(arch) == ids([searcher.alpha_cell, searcher.beta_cell])
    assert len(weights) + len(arch) == len(list(searcher.parameters()))


def test_each_has_its_own_settings(searcher: Any) -> None:
    wrappers = build(searcher, weights={**SGD, 'clip_grad': {'max_norm': 5}})
    assert isinstance(wrappers['weights'].optimizer, torch.optim.SGD)
    assert isinstance(wrappers['arch'].optimizer, torch.optim.Adam)
    assert wrappers.get_lr() == {'weights.lr': [0.1], 'arch.lr': [1e-3]}
    assert wrappers['weights'].clip_grad_kwargs == {'max_norm': 5}
    assert wrappers['arch'].clip_grad_kwargs is None


def test_paramwise_settings_are_those_of_the_weights(searcher: Any) -> None:
    wrappers = {'weights': {'optimizer': {**SGD['optimizer'], 'weight_decay': 0.5}}, 'arch': ADAM}
    construct = BilevelOptimWrapperConstructor(wrappers, {'norm_decay_mult': 0.0})
    groups = construct(searcher)['weights'].optimizer.param_groups
    assert {group['weight_decay'] for group in groups} == {0.0, 0.5}


def test_clipping_acts_on_the_weights_alone(searcher: Any, batches: Any) -> None:
    start = {name: tensor.clone() for name, tensor in searcher.state_dict().items()}

    def moves(clip_grad: Any) -> tuple[float, Tensor]:
        """How far a step takes the weights, and where it takes alpha."""
        searcher.load_state_dict(start)
        searcher.train_step(batches, build(searcher, weights={**SGD, 'clip_grad': clip_grad}))
        named = searcher.supernet.named_parameters()
        squares = [(w - start[f'supernet.{name}']).pow(2).sum() for name, w in named]
        return torch.stack(squares).sum().sqrt().item(), searcher.alpha_cell.detach().clone()

    free, alpha = moves(None)
    clipped, same_alpha = moves({'max_norm': 0.01})
    assert free > 0.01
    assert clipped == pytest.approx(0.1 * 0.01, rel=1e-3)
    assert torch.equal(alpha, same_alpha)
    assert not torch.equal(alpha, start['alpha_cell'])


def test_cosine_on_the_weights_and_a_constant_rate_for_alpha(run_search: Any) -> None:
    epochs = 4
    run = run_search(
        overrides={'train_cfg.max_epochs': epochs, 'train_cfg.portions': (0.015, 0.015)}
    )
    rates = {record['epoch']: record for record in run.iterations}
    for epoch in range(epochs):
        cosine = 0.001 + (0.025 - 0.001) * (1 + math.cos(math.pi * epoch / epochs)) / 2
        assert rates[epoch]['weights.lr'] == pytest.approx(cosine, rel=1e-9)
        assert rates[epoch]['arch.lr'] == 3e-4


@pytest.mark.parametrize(
    ('wrappers', 'message'),
    [
        ({'weights': SGD}, r"needs the keys \['weights', 'arch'\].*got \['weights'\]"),
        ({'weights': SGD, 'arch': ADAM, 'beta': ADAM}, r"got \['arch', 'beta', 'weights'\]"),
        ({'weights': SGD, 'arch': {}}, r"optim_wrapper\.arch needs the key 'optimizer'"),
        ({'weights': None, 'arch': ADAM}, r"optim_wrapper\.weights needs the key 'optimizer'"),
    ],
)
def test_missing_and_superfluous_optimizers(wrappers: Any, message: str) -> None:
    with pytest.raises(KeyError, match=message):
        BilevelOptimWrapperConstructor(wrappers)


@pytest.mark.parametrize('name', ['weights', 'arch'])
def test_gradients_are_never_accumulated(name: str) -> None:
    wrappers = Config({'weights': SGD, 'arch': ADAM})
    wrappers[name]['accumulative_counts'] = 2
    with pytest.raises(ValueError, match=rf'optim_wrapper\.{name}\.accumulative_counts=2'):
        BilevelOptimWrapperConstructor(wrappers.to_dict())
