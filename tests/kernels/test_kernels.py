"""The parts of the fast engine against plain expressions, and their first and second derivatives."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.kernels.batch_norm import centre, normalize
from ostrdet.kernels.folding import Folded, folded_relu, folded_sum
from ostrdet.kernels.weighted_sum import weighted_sum

pytestmark = pytest.mark.usefixtures('float64')

C = 3


def leaf(*shape: int) -> Tensor:
    return torch.randn(*shape, requires_grad=True)


def norms(count: int) -> list[nn.BatchNorm2d]:
    return [nn.BatchNorm2d(C, affine=False, eps=10.0**-e) for e in range(3, 3 + count)]


def plain(x: Tensor, kernel: Tensor | None, norm: nn.BatchNorm2d) -> Tensor:
    return norm(x if kernel is None else F.conv2d(x, kernel))


def check(function, *inputs: Tensor) -> None:  # noqa: ANN001 - of any number of tensors
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


def test_weighted_sum() -> None:
    weights, features = leaf(3), [leaf(2, C, 2, 3) for _ in range(3)]
    expected = torch.einsum('k,knchw->nchw', weights, torch.stack(features))
    torch.testing.assert_close(weighted_sum(weights, features), expected)
    check(lambda w, *f: weighted_sum(w, f), weights, *features)


def test_weighted_sum_keeps_no_feature_for_weights_without_gradient() -> None:
    kept = []
    features = [leaf(2, C, 2, 3) for _ in range(2)]
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda x: kept.append(x) or x, lambda x: x)
    with hooks:
        weighted_sum(torch.rand(2), features)
    assert [tuple(tensor.shape) for tensor in kept] == [(2,)]


def test_normalize() -> None:
    x, norm = leaf(4, C, 3, 2), nn.BatchNorm2d(C, affine=False, momentum=1.0)
    y, mean, variance = normalize(x, norm.eps)
    torch.testing.assert_close(y, norm(x))
    torch.testing.assert_close(mean, norm.running_mean)
    torch.testing.assert_close(variance, norm.running_var)
    check(lambda x: normalize(x, 1e-3)[0], x)


@pytest.mark.parametrize('momentum', [0.1, 1.0, None])
def test_folded_sum(momentum: float | None) -> None:
    weights, kernel = leaf(2), leaf(C, C, 1, 1)
    xs, (a, b), (c, d) = [leaf(4, C, 2, 3), leaf(4, C, 2, 3)], norms(2), norms(2)
    for norm in (a, b, c, d):
        norm.momentum = momentum
    for _ in range(2):
        expected = weights[0] * plain(xs[0], kernel, a) + weights[1] * plain(xs[1], None, b)
        branches = [Folded(centre(xs[0]), kernel, c), Folded(centre(xs[1]), None, d)]
        torch.testing.assert_close(folded_sum(weights, branches), expected)
    torch.testing.assert_close(dict(c.state_dict()), dict(a.state_dict()))
    torch.testing.assert_close(dict(d.state_dict()), dict(b.state_dict()))

    def function(weights: Tensor, kernel: Tensor, x: Tensor, z: Tensor) -> Tensor:
        branches = [Folded(centre(x), kernel, c), Folded(centre(z), None, d)]
        return folded_sum(weights, branches)

    check(function, weights, kernel, *xs)


def test_folded_relu() -> None:
    kernels, xs = [leaf(C, C, 1, 1) for _ in range(2)], [leaf(4, C, 2, 3) for _ in range(2)]
    expected = [plain(x, p, n).relu() for x, p, n in zip(xs, kernels, norms(2), strict=True)]

    def function(*tensors: Tensor) -> list[Tensor]:
        parts = zip(tensors[:2], tensors[2:], norms(2), strict=True)
        return folded_relu([Folded(centre(x), kernel, norm) for kernel, x, norm in parts])

    torch.testing.assert_close(function(*kernels, *xs), expected)
    check(lambda *tensors: tuple(function(*tensors)), *kernels, *xs)


def test_folding_to_another_width() -> None:
    kernel, x, norm = leaf(5, C, 1, 1), leaf(4, C, 2, 3), nn.BatchNorm2d(5, affine=False)
    y = folded_sum(torch.ones(1), [Folded(centre(x), kernel, norm)])
    torch.testing.assert_close(y, norm(F.conv2d(x, kernel)))


def test_second_derivatives_where_one_branch_reads_another() -> None:
    """Both read the same rows, the second one through the first: partial derivatives are meant."""
    (a, b), kernel, x = norms(2), leaf(C, C, 1, 1), leaf(4, C, 2, 3)
    weights = leaf(2)

    def function(x: Tensor, kernel: Tensor, weights: Tensor) -> Tensor:
        shared = centre(x)
        y = folded_sum(weights[:1], [Folded(shared, kernel, a)])
        return folded_sum(weights, [Folded(shared, kernel, a), Folded(centre(y**2), None, b)])

    check(function, x, kernel, weights)


@pytest.mark.parametrize('function', [lambda x: centre(x), lambda x: normalize(x, 1e-5)])
def test_one_pixel_is_refused_as_by_torch(function) -> None:  # noqa: ANN001 - of a tensor
    with pytest.raises(ValueError, match=r'more than 1 value per channel.*\(1, 3, 1, 1\)'):
        function(torch.randn(1, C, 1, 1))
