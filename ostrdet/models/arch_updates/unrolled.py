"""The second-order update of DARTS: the gradient through one step of the weights."""

from collections.abc import Mapping

from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.curvature import central_difference
from ostrdet.models.arch_updates.base import ArchUpdate, Batch, BilevelProblem
from ostrdet.models.arch_updates.sgd_step import SGDStep
from ostrdet.registry import ARCH_UPDATES, nearest

HVPS = ('finite_difference', 'exact')


@ARCH_UPDATES.register_module()
class UnrolledUpdate(ArchUpdate):
    r"""The derivative of the validation loss after one step of the weights (DARTS, Eqs. 5-8).

    Differentiated is :math:`L_{val}(w'(\alpha), \alpha)` with
    :math:`w' = w - \xi\,(\mu\,b + \nabla_w L_{train}(w, \alpha) + \lambda w)`, where
    :math:`\xi, \mu, b, \lambda` are learning rate, momentum, momentum buffer and weight decay of
    the weights' SGD, read from the optimizer at every step; clipping takes no part. The passes of
    this update leave the running statistics of the supernet alone. In distributed training every
    process unrolls the step of its own batch, and the gradients of alpha are averaged.

    Args:
        hvp: How the Hessian-vector product is obtained: 'finite_difference', four passes in all, or
            'exact', by differentiating through the gradient, which needs the memory of both graphs.
        epsilon: Length of the finite-difference step in weight space; the reference takes 0.01.

    Raises:
        InvalidValueError: If ``hvp`` is unknown or ``epsilon`` is not positive.
    """

    num_passes = 4

    def __init__(self, hvp: str = 'finite_difference', epsilon: float = 0.01) -> None:
        if hvp not in HVPS:
            raise InvalidValueError(f"unknown hvp '{hvp}' of UnrolledUpdate. {nearest(hvp, HVPS)}")
        if epsilon <= 0:
            raise InvalidValueError(
                f'UnrolledUpdate: epsilon={epsilon}, expected a positive number'
            )
        self.hvp, self.epsilon = hvp, epsilon

    def gradients(
        self, problem: BilevelProblem, weight_batch: Batch, arch_batch: Batch
    ) -> tuple[Tensor, list[Tensor]]:
        """Differentiate through the step that the weights would take on ``weight_batch``.

        Raises:
            InvalidTypeError: If the weights' optimizer is not SGD.
        """
        step = SGDStep(problem.weights, problem.optimizer)
        exact = self.hvp == 'exact'
        train_loss = problem.loss(weight_batch, problem.weights)
        train_grads = problem.grad(train_loss, problem.weights.values(), create_graph=exact)
        stepped = step(train_grads)
        if exact:
            loss = problem.loss(arch_batch, stepped)
            return loss.detach(), problem.grad(loss, problem.mix)
        stepped = {name: weight.detach().requires_grad_() for name, weight in stepped.items()}
        loss = problem.loss(arch_batch, stepped)
        grads = problem.grad(loss, [*problem.mix, *stepped.values()])
        direct, weight_grads = grads[: len(problem.mix)], grads[len(problem.mix) :]
        implicit = self._implicit(problem, weight_batch, step.pull_back(weight_grads))
        return loss.detach(), [d + i for d, i in zip(direct, implicit, strict=True)]

    def _implicit(
        self, problem: BilevelProblem, batch: Batch, direction: Mapping[str, Tensor]
    ) -> list[Tensor]:
        """d^2 L_train / dmix dw times ``direction``, by central differences (DARTS, Eq. 8)."""

        def mix_grads(weights: list[Tensor]) -> list[Tensor]:
            named = dict(zip(problem.weights, weights, strict=True))
            return problem.grad(problem.loss(batch, named), problem.mix)

        directions = [direction[name] for name in problem.weights]
        weights = list(problem.weights.values())
        return central_difference(mix_grads, weights, directions, self.epsilon)
