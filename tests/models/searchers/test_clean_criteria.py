"""Whatever a method adds, criteria see the clean cross-entropy: strengths by the features themselves."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ostrdet.models.searchers.mix import leaves_of
from ostrdet.selection.functional import operation_strength, operation_strength_star

pytestmark = pytest.mark.usefixtures('float64')

AUXILIARY = {'type': 'AuxiliarySkipMixedOp', 'coefficient': 0.7}
METHODS: dict[str, dict[str, Any]] = {
    'darts': {},
    'beta-darts': {'regularizers': [{'type': 'BetaDecay', 'weight': 50}]},
    'sdarts-rs': {'perturbation': {'type': 'RandomSmoothing', 'epsilon': 0.3}},
    'sdarts-adv': {'perturbation': {'type': 'AdversarialSmoothing', 'epsilon': 0.3}},
    'darts-minus': {'mixed_op': AUXILIARY},
    'fair-darts': {
        'weighting': {'type': 'SigmoidWeighting'},
        'regularizers': [{'type': 'ZeroOne', 'weight': 10}],
    },
    'drnas': {
        'weighting': {'type': 'DirichletWeighting'},
        'regularizers': [{'type': 'DirichletKL', 'weight': 1.0}],
    },
    'snas': {'weighting': {'type': 'GumbelWeighting', 'tau': 0.5}},
    'flooding': {'flood_level': 5.0},
}


def make(arguments: dict[str, Any], engine: str) -> Any:
    from ostrdet.models.searchers import BilevelSearcher

    torch.manual_seed(0)
    options = dict(arguments)
    net = {'type': 'Supernet', 'space': {'type': 'NASBench201Space', 'num_nodes': 2}, 'channels': 4}
    sizes = {'num_cells': 1, 'num_classes': 3, 'engine': engine}
    net |= {**sizes, 'mixed_op': options.pop('mixed_op', {'type': 'MixedOp'})}
    return BilevelSearcher(net, init_std=0.5, **options).train()


def data() -> dict[str, Any]:
    from mmpretrain.structures import DataSample

    labels = [DataSample().set_gt_label(index % 3) for index in range(6)]
    generator = torch.Generator().manual_seed(1)
    return {'inputs': torch.randn(6, 3, 8, 8, generator=generator), 'data_samples': labels}


def by_features(model: Any, p_EO: Tensor) -> tuple[Tensor, Tensor]:
    """Both strengths from every feature o, the mixture f of the candidates, and dL/df (Eqs. 16, 18)."""
    features: dict[tuple[int, int, int], Tensor] = {}
    outputs: dict[tuple[int, int], Tensor] = {}
    cells = [layer for layer in model.supernet.skeleton.layers if hasattr(layer, 'edges')]
    for n, cell in enumerate(cells):
        for e, edge in enumerate(cell.edges):
            edge.register_forward_hook(lambda _m, _x, y, key=(n, e): outputs.__setitem__(key, y))
            mixed = getattr(edge, 'mixed_op', edge)
            for o, op in enumerate(mixed.candidates):
                op.register_forward_hook(
                    lambda _m, _x, y, key=(n, e, o): features.__setitem__(key, y)
                )
    batch = model.prepare(data())
    mix = leaves_of(model.mix(), requires_grad=True)
    mix = {'cell': mix['cell']._replace(op_weights=p_EO.clone().requires_grad_())}
    loss = F.cross_entropy(model.supernet(batch.images, mix), batch.labels)
    grads = dict(zip(outputs, torch.autograd.grad(loss, list(outputs.values())), strict=True))
    star_EO = torch.zeros_like(p_EO)
    for (n, e), grad in grads.items():
        parts = [features[n, e, o] for o in range(p_EO.shape[1])]
        mixture = sum(p * part for p, part in zip(p_EO[e], parts, strict=True))
        for o, part in enumerate(parts):
            # With weights that do not sum to one the mean is <p, dL/dp>, the same expression
            star_EO[e, o] += (grad * (part - mixture)).sum()
    return (p_EO * star_EO).abs(), star_EO.abs()


@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('name', METHODS)
def test_strengths_equal_those_of_the_features(name: str, engine: str) -> None:
    from mmengine.optim import OptimWrapper, OptimWrapperDict

    model = make(METHODS[name], engine)
    sgd = torch.optim.SGD(model.supernet.parameters(), lr=0.1, weight_decay=0.1)
    adam = torch.optim.Adam(model.arch_parameters, lr=0.1, weight_decay=0.1)
    clipped = {'max_norm': 1e-3}
    wrappers = OptimWrapperDict(
        weights=OptimWrapper(sgd, clip_grad=clipped), arch=OptimWrapper(adam, clip_grad=clipped)
    )
    model.train_step((data(), data()), wrappers)
    step = model.arch_step
    p_EO, g_EO = step.state.op_weights['cell'], step.op_weight_grads['cell']
    strength_EO, star_EO = by_features(make(METHODS[name], 'plain'), p_EO)
    torch.testing.assert_close(operation_strength(p_EO, g_EO), strength_EO, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(operation_strength_star(p_EO, g_EO), star_EO, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ('plain', 'method'),
    [
        ({}, {'regularizers': [{'type': 'BetaDecay', 'weight': 0}]}),
        ({}, {'mixed_op': {**AUXILIARY, 'coefficient': 0}}),
        ({}, {'perturbation': {'type': 'AdversarialSmoothing', 'epsilon': 0}}),
        (
            {'weighting': {'type': 'SigmoidWeighting'}},
            {
                'weighting': {'type': 'SigmoidWeighting'},
                'regularizers': [{'type': 'ZeroOne', 'weight': 0}],
            },
        ),
    ],
    ids=['regularizer', 'skip', 'perturbation', 'zero-one'],
)
def test_a_term_of_zero_is_the_plain_step_to_the_bit(
    plain: dict[str, Any], method: dict[str, Any]
) -> None:
    from mmengine.optim import OptimWrapper, OptimWrapperDict

    ends = []
    for arguments in (plain, method):
        model = make(arguments, 'fast')
        sgd = torch.optim.SGD(model.supernet.parameters(), lr=0.1, momentum=0.9)
        adam = torch.optim.Adam(model.arch_parameters, lr=0.1)
        wrappers = OptimWrapperDict(weights=OptimWrapper(sgd), arch=OptimWrapper(adam))
        for _ in range(2):
            model.train_step((data(), data()), wrappers)
        ends.append({k.replace('mixed_op.', ''): v for k, v in model.state_dict().items()})
    assert ends[0].keys() == {name for name in ends[1] if '.skip.' not in name}
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
