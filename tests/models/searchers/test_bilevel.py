"""The search step: what moves, by which gradient, and what does not."""

from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmpretrain.structures import DataSample
from torch import Tensor

from ostrdet.models.arch_updates import ArchUpdate, Batch, BilevelProblem
from ostrdet.models.searchers import BilevelSearcher

pytestmark = pytest.mark.usefixtures('float64')

CLASSES = 3
SGD = {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.01}
Pair = tuple[dict[str, Any], dict[str, Any] | None]


def make_searcher(**overrides: Any) -> BilevelSearcher:
    supernet = {
        'type': 'Supernet',
        'space': {'type': 'NASBench201Space'},
        'channels': 4,
        'num_cells': 1,
        'num_classes': CLASSES,
    }
    torch.manual_seed(0)
    return BilevelSearcher(supernet, init_std=0.5, **overrides)


def make_wrappers(
    searcher: BilevelSearcher, arch_lr: float = 0.01, clip: float | None = None
) -> OptimWrapperDict:
    clip_grad = None if clip is None else {'max_norm': clip}
    sgd = torch.optim.SGD(searcher.supernet.parameters(), **SGD)
    adam = torch.optim.Adam(searcher.arch_parameters, lr=arch_lr, weight_decay=0.1)
    return OptimWrapperDict(weights=OptimWrapper(sgd, clip_grad=clip_grad), arch=OptimWrapper(adam))


def make_batch(seed: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    labels = [DataSample().set_gt_label(index % CLASSES) for index in range(6)]
    return {'inputs': torch.randn(6, 3, 8, 8, generator=generator), 'data_samples': labels}


def as_batch(data: dict[str, Any]) -> Batch:
    return Batch(data['inputs'], torch.arange(6) % CLASSES)


def loss_of(searcher: BilevelSearcher, data: dict[str, Any]) -> Tensor:
    """The cross-entropy written out, differentiable in the weights and in alpha."""
    batch = as_batch(data)
    return F.cross_entropy(searcher.supernet(batch.images, searcher.mix()), batch.labels)


def weights_of(searcher: BilevelSearcher) -> Tensor:
    return torch.cat([weight.detach().reshape(-1) for weight in searcher.supernet.parameters()])


def step(pair: Pair, searcher: BilevelSearcher, **wrapper_args: Any) -> BilevelSearcher:
    """A copy of ``searcher`` after one step."""
    searcher = deepcopy(searcher).train()
    searcher.train_step(pair, make_wrappers(searcher, **wrapper_args))
    return searcher


@pytest.mark.parametrize('edge_norm', [False, True])
def test_arch_step_holds_the_gradients_before_the_step(edge_norm: bool) -> None:
    searcher = make_searcher(weighting={'type': 'SoftmaxWeighting', 'edge_norm': edge_norm})
    after = step((make_batch(0), make_batch(1)), searcher)
    reference = deepcopy(searcher).train()
    expected = torch.autograd.grad(loss_of(reference, make_batch(1)), reference.arch_parameters)
    assert after.arch_step is not None
    torch.testing.assert_close(after.arch_step.alpha_grads['cell'], expected[0])
    assert torch.equal(after.arch_step.state.alphas['cell'], searcher.alphas['cell'])
    assert (after.arch_step.state.edge_weights['cell'] is not None) == edge_norm

    p, dp = after.arch_step.state.op_weights['cell'], after.arch_step.op_weight_grads['cell']
    chain = p * (dp - (p * dp).sum(dim=1, keepdim=True))
    torch.testing.assert_close(after.arch_step.alpha_grads['cell'], chain)


@pytest.mark.parametrize('edge_norm', [False, True])
def test_alpha_takes_the_step_of_its_optimizer(edge_norm: bool) -> None:
    searcher = make_searcher(weighting={'type': 'SoftmaxWeighting', 'edge_norm': edge_norm})
    after = step((make_batch(0), make_batch(1)), searcher)
    reference = deepcopy(searcher).train()
    adam = make_wrappers(reference)['arch'].optimizer
    loss_of(reference, make_batch(1)).backward()
    adam.step()
    for found, expected in zip(after.arch_parameters, reference.arch_parameters, strict=True):
        torch.testing.assert_close(found, expected)


def test_weights_take_a_step_on_the_training_loss_alone_after_alpha_moved() -> None:
    searcher = make_searcher()
    after = step((make_batch(0), make_batch(1)), searcher)
    reference = deepcopy(searcher).train()
    reference.load_state_dict({f'alpha_{n}': a for n, a in after.alphas.items()}, strict=False)
    sgd = torch.optim.SGD(reference.supernet.parameters(), **SGD)
    loss_of(reference, make_batch(0)).backward()
    sgd.step()
    torch.testing.assert_close(weights_of(after), weights_of(reference))


def test_neither_half_leaks_into_the_gradients_of_the_other() -> None:
    """Bit by bit: the weights with and without an architecture step, alpha with any weight batch."""
    searcher = make_searcher()
    frozen = step((make_batch(0), None), searcher)
    for seed in (1, 2):
        both = step((make_batch(0), make_batch(seed)), searcher, arch_lr=0.0)
        assert torch.equal(weights_of(both), weights_of(frozen))
    one, other = (step((make_batch(seed), make_batch(1)), searcher) for seed in (0, 2))
    assert torch.equal(one.alphas['cell'], other.alphas['cell'])
    assert not torch.equal(weights_of(one), weights_of(other))


def test_leftover_gradients_do_not_matter() -> None:
    searcher = make_searcher()
    clean = step((make_batch(0), make_batch(1)), searcher)
    dirty = deepcopy(searcher).train()
    wrappers = make_wrappers(dirty)
    for _ in range(2):  # what the first step leaves behind must not reach the second
        dirty.load_state_dict(searcher.state_dict())
        for wrapper in wrappers.values():
            wrapper.optimizer.state.clear()
        dirty.train_step((make_batch(0), make_batch(1)), wrappers)
        assert all(parameter.grad is None for parameter in dirty.parameters())
    assert torch.equal(weights_of(dirty), weights_of(clean))
    assert torch.equal(dirty.alphas['cell'], clean.alphas['cell'])


def test_without_architecture_batch_alpha_stays() -> None:
    searcher = make_searcher()
    after = step((make_batch(0), None), searcher)
    assert after.arch_step is None
    assert torch.equal(after.alphas['cell'], searcher.alphas['cell'])
    assert not torch.equal(weights_of(after), weights_of(searcher))


def test_clipping_is_for_the_weights_alone() -> None:
    searcher, pair = make_searcher(), (make_batch(0), make_batch(1))
    free, clipped = step(pair, searcher), step(pair, searcher, clip=1e-3)
    assert torch.equal(free.alphas['cell'], clipped.alphas['cell'])
    moved = (weights_of(clipped) - weights_of(searcher)) / -SGD['lr']
    gradient = moved - SGD['weight_decay'] * weights_of(searcher)
    assert gradient.norm().item() == pytest.approx(1e-3, rel=1e-4)


def test_criteria_see_the_gradient_of_alpha_before_it_is_clipped() -> None:
    searcher = make_searcher(weighting={'type': 'SoftmaxWeighting', 'edge_norm': True})
    pair, before = (make_batch(0), make_batch(1)), deepcopy(searcher.arch_parameters)
    expected = step(pair, searcher).arch_step
    searcher.train()
    wrappers = make_wrappers(searcher)
    sgd = torch.optim.SGD(searcher.arch_parameters, lr=1.0)
    wrappers.optim_wrappers['arch'] = OptimWrapper(sgd, clip_grad={'max_norm': 1e-3})
    searcher.train_step(pair, wrappers)
    assert expected is not None
    assert searcher.arch_step is not None
    seen = searcher.arch_step.alpha_grads['cell']
    assert torch.equal(seen, expected.alpha_grads['cell'])
    moved = [old - new for old, new in zip(before, searcher.arch_parameters, strict=True)]
    length = torch.cat([part.detach().reshape(-1) for part in moved]).norm().item()
    assert length == pytest.approx(1e-3, rel=1e-2)  # torch adds 1e-6 to the norm
    assert seen.norm() > 0.01
    torch.testing.assert_close(moved[0] / moved[0].norm(), seen / seen.norm())


def unrolled_loss(searcher: BilevelSearcher, shift_EO: Tensor) -> float:
    """L_val after one step of torch's own SGD on L_train, at a shifted alpha."""
    searcher = deepcopy(searcher).train()
    with torch.no_grad():
        searcher.alphas['cell'] += shift_EO
    sgd = make_wrappers(searcher)['weights'].optimizer
    loss_of(searcher, make_batch(0)).backward()
    sgd.step()
    return loss_of(searcher, make_batch(1)).item()


def test_exact_second_order_of_the_supernet_equals_brute_force() -> None:
    searcher = make_searcher(arch_update={'type': 'UnrolledUpdate', 'hvp': 'exact'})
    after = step((make_batch(0), make_batch(1)), searcher)
    assert after.arch_step is not None
    found_EO, distance = after.arch_step.alpha_grads['cell'], 1e-6
    expected_EO = torch.zeros_like(found_EO)
    for index in range(found_EO.numel()):
        shift = torch.zeros_like(found_EO)
        shift.view(-1)[index] = distance
        slope = unrolled_loss(searcher, shift) - unrolled_loss(searcher, -shift)
        expected_EO.view(-1)[index] = slope / (2 * distance)
    assert (found_EO - expected_EO).norm() / expected_EO.norm() < 1e-6
    first = step((make_batch(0), make_batch(1)), make_searcher()).arch_step
    assert first is not None
    assert (found_EO - first.alpha_grads['cell']).norm() / found_EO.norm() > 1e-2


@pytest.mark.parametrize('hvp', ['finite_difference', 'exact'])
def test_unrolled_passes_leave_the_running_statistics_alone(hvp: str) -> None:
    searcher = make_searcher(arch_update={'type': 'UnrolledUpdate', 'hvp': hvp})
    frozen = step((make_batch(0), None), searcher)
    after = step((make_batch(0), make_batch(1)), searcher, arch_lr=0.0)
    for found, expected in zip(after.supernet.buffers(), frozen.supernet.buffers(), strict=True):
        assert torch.equal(found, expected)


def test_probe_leaves_no_trace() -> None:
    searcher = make_searcher().train()
    before = deepcopy(searcher.state_dict())
    loss, weights = searcher.probe_loss(as_batch(make_batch(0)))
    torch.autograd.grad(loss, weights)
    assert all(torch.equal(value, before[key]) for key, value in searcher.state_dict().items())
    assert all(parameter.grad is None for parameter in searcher.parameters())


def test_state_is_a_copy() -> None:
    searcher = make_searcher()
    state = searcher.arch_state()
    before = state.alphas['cell'].clone()
    with torch.no_grad():
        searcher.alphas['cell'].zero_()
    assert torch.equal(state.alphas['cell'], before)
    assert not any(tensor.requires_grad for tensor in state.alphas.values())


def test_modes() -> None:
    searcher, data = make_searcher().eval(), make_batch(0)
    logits = searcher(**data)
    assert logits.shape == (6, CLASSES)
    torch.testing.assert_close(
        searcher(**data, mode='loss')['loss'], F.cross_entropy(logits, as_batch(data).labels)
    )
    predicted = searcher(**data, mode='predict')
    assert [sample.pred_label.item() for sample in predicted] == logits.argmax(dim=1).tolist()
    torch.testing.assert_close(predicted[0].pred_score, logits[0].softmax(dim=0))
    with pytest.raises(ValueError, match=r"unknown mode 'predikt'\. Did you mean 'predict'"):
        searcher(**data, mode='predikt')


def test_channels_last_gives_the_same_step() -> None:
    pair = (make_batch(0), make_batch(1))
    plain, last = (step(pair, make_searcher(channels_last=flag)) for flag in (False, True))
    torch.testing.assert_close(last.alphas['cell'], plain.alphas['cell'])
    torch.testing.assert_close(weights_of(last), weights_of(plain))
    convolutions = [w for w in last.supernet.parameters() if w.dim() == 4 and w.shape[1] > 1]
    assert all(w.is_contiguous(memory_format=torch.channels_last) for w in convolutions)


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
def test_autocast_is_close_to_full_precision(dtype: str) -> None:
    torch.set_default_dtype(torch.float32)
    data = make_batch(0)
    data['inputs'] = data['inputs'].float()
    full, half = make_searcher().eval()(**data), make_searcher(autocast=dtype).eval()(**data)
    assert half.dtype == torch.float32
    assert not torch.equal(half, full)
    torch.testing.assert_close(half, full, rtol=0.1, atol=0.1)


def test_unknown_autocast() -> None:
    with pytest.raises(ValueError, match=r"model\.autocast='bfloat'.*Did you mean 'bfloat16'"):
        make_searcher(autocast='bfloat')


class Overflow(ArchUpdate):
    """Gradients as they are when float16 overflows."""

    def gradients(
        self, problem: BilevelProblem, weight_batch: Batch, arch_batch: Batch
    ) -> tuple[Tensor, list[Tensor]]:
        return torch.tensor(1.0), [torch.full_like(tensor, torch.inf) for tensor in problem.mix]


class Scaler:
    """Stands in for the scaler of ``AmpOptimWrapper``, which needs a GPU."""

    def get_scale(self) -> float:
        return 1024.0


def test_alpha_waits_where_scaled_gradients_overflow() -> None:
    searcher = make_searcher().train()
    searcher.arch_update, before = Overflow(), searcher.alphas['cell'].detach().clone()
    wrappers = make_wrappers(searcher)
    wrappers['weights'].loss_scaler = Scaler()
    searcher.train_step((make_batch(0), make_batch(1)), wrappers)
    assert torch.equal(searcher.alphas['cell'], before)
    assert searcher.arch_step is not None
