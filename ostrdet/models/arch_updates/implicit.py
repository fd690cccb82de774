"""The implicit gradient of iDARTS: the weights as the minimiser that they follow."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates.base import ArchUpdate, Batch, BilevelProblem
from ostrdet.models.arch_updates.sgd_step import SGDStep
from ostrdet.registry import ARCH_UPDATES


@ARCH_UPDATES.register_module()
class ImplicitUpdate(ArchUpdate):
    r"""The derivative of the validation loss at weights that minimise the training loss (iDARTS).

    By the implicit function theorem it is :math:`\partial_\alpha L_{val} - C^T H^{-1} v` with
    :math:`v = \partial_w L_{val}`, :math:`C = \partial_w \partial_\alpha L_{train}` and
    :math:`H = \partial_w^2 L_{train} + \lambda`. The inverse is the start of its Neumann series,
    :math:`\eta \sum_{k=0}^{K} (I - \eta H)^k`, where :math:`\eta, \lambda` are learning rate and
    weight decay of the weights' SGD, read at every step. All products with second derivatives are
    exact and on one training batch; weights and running statistics stay as they are. The weights
    approach their minimiser in the iterations between, ``train_cfg.arch_interval`` of them.

    With one term the implicit part is that of :class:`UnrolledUpdate` for the same ``v``, but
    without the factor of Nesterov's momentum.

    Args:
        terms: Terms of the series, K + 1; iDARTS takes 3.

    Raises:
        InvalidValueError: If ``terms`` is not positive.
    """

    def __init__(self, terms: int = 3) -> None:
        if terms < 1:
            raise InvalidValueError(
                f'model.arch_update.terms={terms}, expected a number of terms from 1; for none use '
                "type='FirstOrderUpdate'"
            )
        self.terms = terms
        self.num_passes = 2 + terms  # a product takes about one pass

    def gradients(
        self, problem: BilevelProblem, weight_batch: Batch, arch_batch: Batch
    ) -> tuple[Tensor, list[Tensor]]:
        """Differentiate through the minimiser of the loss on ``weight_batch``.

        Raises:
            InvalidTypeError: If the weights' optimizer is not SGD.
        """
        groups = SGDStep(problem.weights, problem.optimizer, type(self).__name__).groups
        loss = problem.loss(arch_batch, problem.weights)
        grads = problem.grad(loss, [*problem.mix, *problem.weights.values()])
        direct, v = grads[: len(problem.mix)], grads[len(problem.mix) :]
        train_loss = problem.loss(weight_batch, problem.weights)
        train_grads = problem.grad(train_loss, problem.weights.values(), create_graph=True)
        weights = list(problem.weights.values())
        term, total = v, v
        for _ in range(self.terms - 1):
            curved = _product(problem, train_grads, weights, term)
            term = [
                t - group['lr'] * (c + group['weight_decay'] * t)
                for t, c, group in zip(term, curved, groups, strict=True)
            ]
            total = [a + b for a, b in zip(total, term, strict=True)]
        steps = [-group['lr'] * t for t, group in zip(total, groups, strict=True)]
        implicit = _product(problem, train_grads, problem.mix, steps)
        return loss.detach(), [d + i for d, i in zip(direct, implicit, strict=True)]


def _product(
    problem: BilevelProblem,
    grads: Sequence[Tensor],
    inputs: Sequence[Tensor],
    direction: Sequence[Tensor],
) -> list[Tensor]:
    """d <grads, direction> / d inputs; the loss scale keeps float16 from vanishing here, too."""
    pairs = [(g, d * problem.loss_scale) for g, d in zip(grads, direction, strict=True)]
    live = [(g, d) for g, d in pairs if g.requires_grad]
    if not live:  # no weight is used, or the loss is linear in all of them
        return [torch.zeros_like(x) for x in inputs]
    outputs, vectors = zip(*live, strict=True)
    found = torch.autograd.grad(
        outputs,
        inputs,
        grad_outputs=vectors,
        retain_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    return [x / problem.loss_scale for x in found]
