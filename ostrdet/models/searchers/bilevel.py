"""The search step: alpha on one half of the data, then the weights on the other."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapperDict
from torch import Generator, Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch, BilevelProblem
from ostrdet.models.searchers.base import Config, Searcher
from ostrdet.models.searchers.mix import arch_state, frozen, leaves_of, stack_mix
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import ARCH_UPDATES, MODELS, PERTURBATIONS, REGULARIZERS, build
from ostrdet.structures import ArchStep


@MODELS.register_module()
class BilevelSearcher(Searcher):
    """Bilevel search of DARTS (Algorithm 1): first alpha takes a step, then the weights.

    All gradients of alpha come from ``torch.autograd.grad``; the step of the weights sees alpha as
    a constant. So neither half of the data leaks into the gradients of the other.

    Args:
        supernet: Config of the supernet.
        weighting: Config of the weighting; softmax if None.
        arch_update: Config of the architecture update; first order if None.
        regularizers: Configs of what the architecture step minimises beside the cross-entropy.
        perturbation: Config of what changes the mix for the step of the weights; None for nothing.
        data_preprocessor: Config of the normalisation, as in mmengine.
        init_std: Standard deviation of the initial alpha and beta; the reference has 1e-3.
        autocast: 'bfloat16' or 'float16' runs the supernet under autocast; None in full precision.
            'float16' needs ``optim_wrapper.weights.type='AmpOptimWrapper'``, which scales the loss.
        channels_last: Whether weights and images lie in memory with the channels innermost: on a
            CPU pooling, depthwise and pointwise convolutions then take about half the time. None:
            if the supernet's engine is the fast one and there is no GPU.

    Raises:
        UnknownNameError: If a type is unknown; the nearest name is offered.
        InvalidTypeError: If a key is unknown.
        InvalidValueError: If ``autocast`` is unknown, or a perturbation meets a hard weighting.
    """

    def __init__(
        self,
        supernet: Config,
        weighting: Config | None = None,
        arch_update: Config | None = None,
        data_preprocessor: Config | None = None,
        init_std: float = 1e-3,
        autocast: str | None = None,
        channels_last: bool | None = None,
        regularizers: Sequence[Config] = (),
        perturbation: Config | None = None,
    ) -> None:
        super().__init__(supernet, weighting, data_preprocessor, init_std, autocast, channels_last)
        self.arch_update = build(ARCH_UPDATES, arch_update or {'type': 'FirstOrderUpdate'})
        self.regularizers = nn.ModuleList(build(REGULARIZERS, cfg) for cfg in regularizers)
        self.perturbation = None if perturbation is None else build(PERTURBATIONS, perturbation)
        if self.perturbation is not None and self.weighting.is_hard:
            raise InvalidValueError(
                f'model.perturbation: {type(self.perturbation).__name__} changes the weights of all '
                f'candidates, but {type(self.weighting).__name__} computes one per edge; leave out '
                'one of the two'
            )
        #: Seed of what is drawn in the next step, the same on all processes; the loop sets it.
        self.draw_seed = 0

    def train_step(
        self, data: tuple[Any, Any | None], optim_wrapper: OptimWrapperDict
    ) -> dict[str, Tensor]:
        """One iteration of Algorithm 1.

        Args:
            data: A batch of the weight half and one of the architecture half; None instead of the
                latter leaves alpha alone.
            optim_wrapper: With the keys 'weights' and 'arch'.

        Returns:
            ``loss`` and, if alpha took a step, ``arch_loss``: detached scalars.
        """
        weight_batch, arch_data = self.prepare(data[0]), data[1]
        logs, self.arch_step = {}, None
        generator = torch.Generator().manual_seed(self.draw_seed)
        if arch_data is not None:
            arch_batch = self.prepare(arch_data)
            logs['arch_loss'] = self._step_architecture(
                self.mix(generator), weight_batch, arch_batch, optim_wrapper
            )
        loss = self._loss(weight_batch, self._mix_of_weights(generator))
        optim_wrapper['weights'].update_params(loss)
        return {'loss': loss.detach(), **logs}

    def _step_architecture(
        self,
        mix: Mapping[str, MixWeights],
        weight_batch: Batch,
        arch_batch: Batch,
        optim_wrapper: OptimWrapperDict,
    ) -> Tensor:
        problem = self._problem(mix, optim_wrapper['weights'])
        loss, mix_grads = self.arch_update.gradients(problem, weight_batch, arch_batch)
        self.arch_step, grads = self._pulled_back(mix, mix_grads)
        # Under a loss scale an overflow is expected now and then: alpha then waits for the next batch
        if problem.loss_scale == 1.0 or all(grad.isfinite().all() for grad in grads):
            for parameter, grad in zip(self.arch_parameters, self._regularized(grads), strict=True):
                parameter.grad = grad.clone()
            optim_wrapper['arch'].step()
            optim_wrapper['arch'].zero_grad()
        return loss

    def _pulled_back(
        self, mix: Mapping[str, MixWeights], mix_grads: Sequence[Tensor]
    ) -> tuple[ArchStep, Sequence[Tensor]]:
        """What criteria see, and the gradients of the architecture parameters."""
        for grad in mix_grads:
            all_reduce(grad, op='mean')  # before any absolute value: n processes are one batch
        grads = torch.autograd.grad(stack_mix(mix), self.arch_parameters, mix_grads)
        step = ArchStep(
            arch_state(self.alphas, mix),
            alpha_grads=dict(zip(mix, grads[: len(mix)], strict=True)),
            op_weight_grads=dict(zip(mix, mix_grads[: len(mix)], strict=True)),
        )
        return step, grads

    def probe_step(self, arch_data: Any, optim_wrapper: OptimWrapperDict) -> ArchStep:
        """An architecture step under the mix without a draw that nobody takes.

        Weights, running statistics, alpha and the state of all generators stay as they are.

        Args:
            arch_data: A batch of the architecture half.
            optim_wrapper: As in :meth:`train_step`.
        """
        mix, batch = self.mix(), self.prepare(arch_data)
        problem = self._problem(mix, optim_wrapper['weights'])
        devices = [batch.images.device.index] if batch.images.is_cuda else []
        with torch.random.fork_rng(devices), frozen(self.bare_supernet):
            loss = problem.loss(batch, problem.weights)
        return self._pulled_back(mix, problem.grad(loss, problem.mix))[0]

    def _regularized(self, grads: Sequence[Tensor]) -> Sequence[Tensor]:
        """``grads`` plus those of the regularisers, which are alike on all processes."""
        alphas = self.masked_alphas
        terms = [term.weight * term(alphas) for term in self.regularizers if term.weight]
        if not terms:
            return grads
        extra = torch.autograd.grad(
            torch.stack(terms).sum(),
            self.arch_parameters,
            allow_unused=True,
            materialize_grads=True,
        )
        return [grad + other for grad, other in zip(grads, extra, strict=True)]

    def _mix_of_weights(self, generator: Generator) -> dict[str, MixWeights]:
        """The mix under which the weights take their step."""
        mix = leaves_of(self.mix(generator), requires_grad=False)
        if self.perturbation is None:
            return mix
        perturbed: dict[str, MixWeights] = self.perturbation(mix, generator)
        return perturbed

    def _problem(self, mix: Mapping[str, MixWeights], wrapper: Any) -> BilevelProblem:
        leaves = leaves_of(mix, requires_grad=True)
        scaler = getattr(wrapper, 'loss_scaler', None)
        return BilevelProblem(
            loss=lambda batch, weights: self._loss(batch, leaves, weights, arch=True),
            mix=stack_mix(leaves),
            weights=dict(self.bare_supernet.named_parameters()),
            optimizer=wrapper.optimizer,
            loss_scale=1.0 if scaler is None else scaler.get_scale(),
        )
