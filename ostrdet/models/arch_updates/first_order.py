"""The first-order update of DARTS."""

from torch import Tensor

from ostrdet.models.arch_updates.base import ArchUpdate, Batch, BilevelProblem
from ostrdet.registry import ARCH_UPDATES


@ARCH_UPDATES.register_module()
class FirstOrderUpdate(ArchUpdate):
    """dL_val/dalpha at the present weights (DARTS, section 2.3, xi = 0)."""

    def gradients(
        self, problem: BilevelProblem, weight_batch: Batch, arch_batch: Batch
    ) -> tuple[Tensor, list[Tensor]]:
        """One pass on ``arch_batch``; ``weight_batch`` is not used."""
        loss = problem.loss(arch_batch, None)
        return loss.detach(), problem.grad(loss, problem.mix)
