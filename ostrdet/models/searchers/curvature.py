"""How the validation loss bends: in alpha, and in the weights of each edge."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce, get_rank, get_world_size
from torch import Generator, Tensor

from ostrdet.kernels.curvature import central_difference, hessian_operator
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers.mix import frozen, kept_generators, leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.structures.arch_step import Pairs

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

Mix = Mapping[str, MixWeights]
#: How far the weights of operations move, all together, for a difference of gradients. Shorter ways have
#: more noise, of the ReLUs and the max pooling that switch on them; longer ones leave the parabola.
LENGTH = 0.1


def alpha_hessian(searcher: Any, batches: Sequence[Batch]) -> 'LinearOperator':
    """The Hessian of the validation loss in the alphas of all cell types together.

    Weights without a draw, statistics of each minibatch; nothing of the searcher changes.

    Args:
        searcher: The searcher.
        batches: Minibatches of the architecture half, normalised.
    """
    losses = [partial(_loss, searcher, batch) for batch in batches]
    return hessian_operator(losses, list(searcher.alphas.values()))


def _loss(searcher: Any, batch: Batch) -> Tensor:
    """The validation loss as a function of alpha."""
    loss: Tensor = searcher.mix_loss(batch, searcher.mix())
    return loss


def block_pairs(
    searcher: Any, batch: Batch, estimates: Iterable[str], is_drawn: bool
) -> dict[str, Pairs]:
    """Estimates of the Hessian in the weights of each edge, see :class:`ArchStep`.

    Weights, running statistics, alpha and generators stay as they are; in full precision.

    Args:
        searcher: The searcher; its ``draw_seed`` says what is drawn.
        batch: A minibatch of the architecture half, normalised.
        estimates: Names out of :data:`ESTIMATES`.
        is_drawn: Whether to take the mix that the architecture step draws, not the one without a draw.
    """
    generator = Generator().manual_seed(searcher.draw_seed)
    mix = leaves_of(searcher.mix(generator if is_drawn else None), requires_grad=False)
    with frozen(searcher.bare_supernet), _in_full_precision(searcher):
        return {
            name: ESTIMATES[name](searcher, batch, mix, generator) for name in sorted(estimates)
        }


def hutchinson(searcher: Any, batch: Batch, mix: Mix, generator: Generator) -> Pairs:
    """Random signs v of all weights, alike on all processes, and H v: two passes.

    Of v_e (H v)_e^T the mean over signs is the block of edge e; what comes from other edges has mean zero.
    """
    weights = [each.op_weights for each in mix.values()]
    signs = [2.0 * torch.randint(2, w.shape, generator=generator) - 1 for w in weights]
    signs = [v.to(w) for v, w in zip(signs, weights, strict=True)]
    products = central_difference(
        lambda at: _gradients(searcher.mix_loss, batch, mix, at), weights, signs, LENGTH
    )
    for product in products:
        all_reduce(product, op='mean')
    return dict(zip(mix, zip(signs, products, strict=True), strict=True))


def fisher(searcher: Any, batch: Batch, mix: Mix, generator: Generator) -> Pairs:
    """The gradient g under labels drawn from the model, and B g for B samples: one pass.

    Labels of different samples are independent and their residuals have mean zero, so B g g^T has the
    Gauss-Newton matrix as its mean, also where BatchNorm couples the samples.
    """
    weights = [each.op_weights for each in mix.values()]

    def loss(batch: Batch, mix: Mix) -> Tensor:
        logits = searcher.mix_logits(batch, mix)
        # The largest of log p - log(exponential) is a draw from p; every process takes its own part
        shape = (get_world_size(), *logits.shape)
        noise = torch.empty(shape).exponential_(generator=generator)[get_rank()]
        labels = (logits.detach() - noise.to(logits).log()).argmax(dim=-1)
        return F.cross_entropy(logits, labels)

    grads = _gradients(loss, batch, mix, weights)
    for grad in grads:
        all_reduce(grad, op='mean')
    samples = len(batch.labels) * get_world_size()
    return {name: (grad, samples * grad) for name, grad in zip(mix, grads, strict=True)}


#: By name: what it takes of a searcher, a minibatch, its mix and a generator of the CPU.
ESTIMATES: Mapping[str, Callable[[Any, Batch, Mix, Generator], Pairs]] = {
    'fisher': fisher,
    'hutchinson': hutchinson,
}


def _gradients(
    loss: Callable[[Batch, Mix], Tensor], batch: Batch, mix: Mix, op_weights: Sequence[Tensor]
) -> list[Tensor]:
    """dL/dp of all cell types at ``op_weights``; every call draws the same."""
    leaves = [w.detach().requires_grad_() for w in op_weights]
    moved = {
        name: each._replace(op_weights=leaf)
        for (name, each), leaf in zip(mix.items(), leaves, strict=True)
    }
    with kept_generators(batch.images):
        value = loss(batch, moved)
    if not value.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    return list(torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True))


@contextmanager
def _in_full_precision(searcher: Any) -> Iterator[None]:
    """Without autocast, under which a difference of gradients has no digits left."""
    autocast, searcher.autocast = searcher.autocast, None
    try:
        yield
    finally:
        searcher.autocast = autocast
