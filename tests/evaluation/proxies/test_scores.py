"""Training-free scores against vectors in double precision and against plain loops."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ostrdet.evaluation.complexity import complexity
from ostrdet.evaluation.proxies import (
    NASWOT,
    Batch,
    Fisher,
    GraSP,
    JacobCov,
    MACs,
    Params,
    Proxy,
    SynFlow,
    Zen,
    untrained,
)
from ostrdet.evaluation.proxies.jacob_cov import correlation_score
from ostrdet.evaluation.proxies.naswot import agreement, kernel_score
from ostrdet.evaluation.proxies.te_nas import (
    condition,
    count_regions,
    pruning_ranks,
    tangent_kernel,
)
from ostrdet.evaluation.proxies.zen import zen_score
from ostrdet.registry import PROXIES, build
from ostrdet.structures import Genotype
from tests.evaluation.proxies.conftest import NB201, SMALL

PROXIES.import_from_location()
TwoLayers = tuple[nn.Module, Batch]


@pytest.mark.parametrize('name', ['grad_norm', 'snip'])
def test_scores_of_the_gradient_are_those_of_the_vectors(
    name: str, vectors: Any, two_layers: TwoLayers
) -> None:
    found = build(PROXIES, {'type': name})(*two_layers)
    assert found == pytest.approx(vectors['zero_cost'][name], rel=1e-12)


def test_fisher_is_that_of_the_vectors_by_channel_and_by_weight(
    vectors: Any, two_layers: TwoLayers
) -> None:
    expected = vectors['zero_cost']
    assert Fisher()(*two_layers) == pytest.approx(expected['fisher_released_code'], rel=1e-12)
    by_channel = Fisher(per_weight=False)(*two_layers)
    assert by_channel == pytest.approx(expected['fisher_channel_sum'], rel=1e-12)


def test_synflow_is_the_logarithm_of_the_vectors(vectors: Any, two_layers: TwoLayers) -> None:
    expected = math.log(vectors['zero_cost']['synflow'])
    assert SynFlow()(*two_layers) == pytest.approx(expected, rel=1e-12)


def test_naswot_is_that_of_the_vectors(vectors: Any) -> None:
    found = vectors['naswot']
    kernel_NN = agreement(torch.tensor(found['codes']) > 0)
    assert kernel_NN.tolist() == found['K']
    assert float(kernel_score(kernel_NN)) == pytest.approx(found['score'], rel=1e-12)


def test_jacob_cov_is_that_of_the_vectors(vectors: Any, float64: None) -> None:
    found = vectors['jacob_cov']
    score = correlation_score(torch.tensor(found['jacobian']))
    assert score == pytest.approx(found['score'], rel=1e-9)


def test_synflow_overlooks_norms_and_signs(float64: None) -> None:
    conv = nn.Conv2d(3, 2, 1, bias=False)
    network = nn.Sequential(conv, nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    images = torch.full((1, 3, 2, 2), -5.0)
    first, last = conv.weight.detach().abs(), network[4].weight.detach().abs()
    features = first.sum(dim=(1, 2, 3)).repeat_interleave(4)  # of ones
    flow = (last @ features).sum()
    # W dR/dW sums to R for each layer, but for the bias of the last, which no image passes through
    assert SynFlow()(network, Batch(images)) == pytest.approx(float((2 * flow).log()), rel=1e-12)


def test_jacob_cov_takes_the_gradient_of_each_image(batch: Batch, float64: None) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(144, 3))
    rows = []
    for image in batch.images.double():
        one = image[None].clone().requires_grad_(True)
        network(one).sum().backward()
        assert one.grad is not None
        rows.append(one.grad.flatten())
    expected = correlation_score(torch.stack(rows))
    found = JacobCov()(network, Batch(batch.images.double()))
    assert found == pytest.approx(expected, rel=1e-9)


def test_naswot_counts_the_relus_that_reach_the_logits(batch: Batch) -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dead, self.live = nn.ReLU(), nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.live(x).flatten(1) + 0 * self.dead(x - 3).flatten(1).detach()

    expected = kernel_score(agreement(batch.images > 0))
    assert NASWOT()(Branches(), batch) == pytest.approx(float(expected))


def test_naswot_reads_its_own_number_of_images(batch: Batch) -> None:
    network = nn.Sequential(nn.ReLU(), nn.Flatten())
    expected = kernel_score(agreement(batch.images[:5] > 0))
    assert NASWOT(batch_size=5)(network, batch) == pytest.approx(float(expected))


def test_fisher_is_a_loop_over_images_and_channels(batch: Batch, float64: None) -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 3))
    double = Batch(batch.images.double(), batch.labels)
    a = network[0](double.images)
    y = network[2](a.flatten(1))
    grad_a, grad_y = torch.autograd.grad(F.cross_entropy(y, double.labels), (a, y))
    expected = 0.0
    for n in range(len(a)):
        for c in range(2):
            expected += 0.5 / len(a) * (a[n, c] * grad_a[n, c]).sum().item() ** 2
        for c in range(3):
            expected += 0.5 / len(a) * (y[n, c] * grad_y[n, c]).item() ** 2
    assert Fisher(per_weight=False)(network, double) == pytest.approx(expected, rel=1e-12)


def test_params_and_macs_are_those_of_the_complexity(cell: Genotype) -> None:
    layout = NB201.layout('cifar10')
    network, batch = untrained(cell, layout, 0), Batch(torch.zeros(2, 3, 32, 32))
    size = complexity(cell, 'cifar10')
    assert (Params()(network, batch), MACs()(network, batch)) == (size.params, size.macs)


@pytest.mark.parametrize('name', sorted(PROXIES.module_dict))
class TestAnyScore:
    def test_it_repeats_and_leaves_no_trace(self, name: str, cell: Genotype, batch: Batch) -> None:
        proxy: Proxy = build(PROXIES, {'type': name})
        network = untrained(cell, SMALL, 0).eval()
        weights = {key: value.clone() for key, value in network.state_dict().items()}
        images, state = batch.images.clone(), torch.get_rng_state()
        first, again = proxy(network, batch), proxy(network, batch)
        assert math.isfinite(first)
        assert first == again
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(batch.images, images)
        assert not network.training
        for key, value in network.state_dict().items():
            assert torch.equal(value, weights[key])
        assert all(weight.grad is None for weight in network.parameters())

    def test_a_network_without_any_path_is_no_better_than_another(
        self, name: str, cell: Genotype, batch: Batch
    ) -> None:
        from tests.evaluation.proxies.conftest import CUT_OFF

        proxy: Proxy = build(PROXIES, {'type': name})
        cut_off = proxy(untrained(NB201.parse(CUT_OFF), SMALL, 0), batch)
        assert not math.isnan(cut_off)
        if name not in {'params', 'macs'}:
            assert cut_off < proxy(untrained(cell, SMALL, 0), batch)

    def test_it_says_so_if_labels_lack(self, name: str, cell: Genotype, batch: Batch) -> None:
        proxy: Proxy = build(PROXIES, {'type': name})
        network, bare = untrained(cell, SMALL, 0), Batch(batch.images)
        assert proxy.meaning
        if not proxy.needs_labels:
            assert math.isfinite(proxy(network, bare))
            return
        with pytest.raises(ValueError, match='needs the labels'):
            proxy(network, bare)


def test_the_seed_decides_the_weights_and_nothing_else_draws(cell: Genotype) -> None:
    state = torch.get_rng_state()
    nets = [untrained(cell, SMALL, seed).state_dict() for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), state)
    key = 'backbone.skeleton.stem.conv.weight'
    assert torch.equal(nets[0][key], nets[1][key])
    assert not torch.equal(nets[0][key], nets[2][key])


def test_grasp_is_that_of_the_vectors(vectors: Any, two_layers: TwoLayers) -> None:
    assert GraSP()(*two_layers) == pytest.approx(vectors['zero_cost']['grasp'], rel=1e-12)


def test_zen_is_that_of_the_vectors(vectors: Any, float64: None) -> None:
    found = vectors['zen']
    difference = torch.tensor(found['difference'])
    variances = [torch.tensor(one) for one in found['batch_var_by_bn']]
    score = zen_score(difference, variances)
    assert float(score) == pytest.approx(found['score_batch_var'], rel=1e-12)
    running = [0.9 + 0.1 * one for one in variances]  # what the released code reads
    score = zen_score(difference, running)
    assert float(score) == pytest.approx(found['score_first_ema'], rel=1e-12)


def test_zen_takes_back_the_scale_of_norms(batch: Batch) -> None:
    """A norm divides by what its term adds: the score is that of the network without it."""
    conv = nn.Conv2d(3, 4, 3, bias=False)
    bare = Zen(repeats=3)(nn.Sequential(conv), batch)

    class OneScale(nn.BatchNorm2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x / x.transpose(0, 1).flatten(1).var(dim=1, correction=0).mean().sqrt()

    assert Zen(repeats=3)(nn.Sequential(conv, OneScale(4)), batch) == pytest.approx(bare, abs=1e-3)


def test_te_nas_is_that_of_the_vectors(vectors: Any, float64: None) -> None:
    found = vectors['te_nas']
    grads = torch.tensor(found['grads'])
    assert condition(grads @ grads.T) == pytest.approx(found['condition'], rel=1e-12)
    assert condition(grads.T @ grads) == math.inf  # four images, rank three
    assert count_regions(torch.tensor(found['sign_patterns'])) == found['linear_regions']
    drops = [torch.tensor(found[f'relative_drop_{name}']) for name in ('kappa', 'regions')]
    ranks_EO = pruning_ranks(*drops)
    assert ranks_EO.tolist() == found['rank_sum']
    assert ranks_EO.argmin(dim=1).tolist() == found['pruned_per_edge']


def test_the_tangent_kernel_is_a_product_of_gradients(vectors: Any, float64: None) -> None:
    network = nn.Linear(4, 2)
    images = torch.tensor(vectors['te_nas']['grads'])
    # d(sum of logits)/dW is the image, once for each logit
    kernel_NN = tangent_kernel(network, images)
    assert kernel_NN.tolist() == (2 * images @ images.T).tolist()
    assert (kernel_NN / 2).tolist() == vectors['te_nas']['ntk']
