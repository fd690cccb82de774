"""The search step: alpha on one half of the data, then the weights on the other."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapperDict
from torch import Generator, Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch, BilevelProblem, FirstOrderUpdate
from ostrdet.models.searchers.base import Config, Searcher
from ostrdet.models.searchers.early_fix import EarlyFix
from ostrdet.models.searchers.mix import (
    arch_state,
    frozen,
    in_mode,
    kept_by,
    kept_generators,
    leaves_of,
    stack_mix,
)
from ostrdet.models.weightings import MixWeights, Weighting
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
        flood_level: b of flooding, in nats: the weights minimise abs(L - b) + b, so that their loss
            stays about b (beta-DARTS++); None minimises L. Nobody published a value.
        early_fix: Distance of the two highest probabilities from which an edge is decided for good, see
            :class:`EarlyFix` (DSNAS); None decides none before the end.
        data_preprocessor: Config of the normalisation, as in mmengine.
        init_std: Standard deviation of the initial alpha and beta; the reference has 1e-3.
        autocast: 'bfloat16' or 'float16' runs the supernet under autocast; None in full precision.
            'float16' needs ``optim_wrapper.weights.type='AmpOptimWrapper'``, which scales the loss.
        cuda_graphs: Whether the passes of a step are recorded as CUDA graphs at the first minibatch and
            replayed from then on. On one GPU; not with weightings that draw which candidates to compute.
        channels_last: Whether weights and images lie in memory with the channels innermost: on a
            CPU pooling, depthwise and pointwise convolutions then take about half the time. None:
            if the supernet's engine is the fast one and there is no GPU.

    Raises:
        UnknownNameError: If a type is unknown; the nearest name is offered.
        InvalidTypeError: If a key is unknown.
        InvalidValueError: If ``autocast`` is unknown, the flood level is negative, a regulariser is made
            for another weighting, or a perturbation meets a hard one or one of groups.
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
        flood_level: float | None = None,
        cuda_graphs: bool = False,
        early_fix: float | None = None,
    ) -> None:
        super().__init__(
            supernet, weighting, data_preprocessor, init_std, autocast, channels_last, cuda_graphs
        )
        self.arch_update = build(ARCH_UPDATES, arch_update or {'type': 'FirstOrderUpdate'})
        terms = [build(REGULARIZERS, cfg) for cfg in regularizers]
        for term in terms:
            term.check_weighting(self.weighting)
            term.check_space(self.space)
        self.regularizers = nn.ModuleList(terms)
        self.perturbation = None if perturbation is None else build(PERTURBATIONS, perturbation)
        if flood_level is not None and flood_level < 0:
            raise InvalidValueError(
                f'model.flood_level={flood_level}, expected a loss in nats, at least 0, or None'
            )
        self.flood_level = flood_level
        if self.perturbation is not None:
            _check_perturbation(type(self.perturbation).__name__, self.weighting)
        if early_fix is not None:
            self.early_fix = EarlyFix(early_fix, self.space.cells)
        #: Seed of what is drawn in the next step, the same on all processes; the loop sets it.
        self.draw_seed = 0

    def set_progress(self, epoch: int, max_epochs: int) -> None:
        """Decide edges at the beginning of an epoch, counted from 0."""
        if self.early_fix is not None:
            self.early_fix.decide(self.masked_alphas, epoch)

    def train_step(
        self, data: tuple[Any, ...], optim_wrapper: OptimWrapperDict
    ) -> dict[str, Tensor]:
        """One iteration of Algorithm 1, or of a search on one level.

        Args:
            data: A batch of the weight half and one of the architecture half; None instead of the
                latter leaves alpha alone. On one level a single batch, on which both take a step.
            optim_wrapper: With the keys 'weights' and 'arch'.

        Returns:
            ``loss`` and, if alpha took a step, ``arch_loss``: detached scalars.
        """
        weight_batch, logs, self.arch_step = self.prepare(data[0]), {}, None
        generator = torch.Generator().manual_seed(self.draw_seed)
        terms: Iterable[Any] = self.regularizers
        for term in terms:
            term.prepare(self.bare_supernet, weight_batch.images.shape[-2])
        if len(data) == 1:
            return {'loss': self._step_both(self.mix(generator), weight_batch, optim_wrapper)}
        if data[1] is not None:
            arch_batch = self.prepare(data[1])
            logs['arch_loss'] = self._step_architecture(
                self.mix(generator), weight_batch, arch_batch, optim_wrapper
            )
        loss = self._loss(weight_batch, self._mix_of_weights(weight_batch, generator))
        optim_wrapper['weights'].update_params(self._flooded(loss))
        return {'loss': loss.detach(), **logs}

    def _flooded(self, loss: Tensor) -> Tensor:
        if self.flood_level is None:
            return loss
        return (loss - self.flood_level).abs() + self.flood_level

    def check_one_level(self) -> None:
        """Check that one batch can serve both steps.

        Raises:
            InvalidValueError: If a part needs two batches, or a pass of its own.
        """
        parts = {
            'arch_update': not isinstance(self.arch_update, FirstOrderUpdate),
            'perturbation': self.perturbation is not None,
            'flood_level': self.flood_level is not None,
        }
        for key in (key for key, is_there in parts.items() if is_there):
            raise InvalidValueError(
                f'model.{key}: a search on one level takes both steps from one pass, which has no '
                f'place for it; leave it out, or use train_cfg.portions=(0.5, 0.5)'
            )

    def _step_both(
        self, mix: Mapping[str, MixWeights], batch: Batch, optim_wrapper: OptimWrapperDict
    ) -> Tensor:
        """One pass; its gradients move the weights and alpha."""
        leaves, scale = leaves_of(mix, requires_grad=True), _loss_scale(optim_wrapper['weights'])
        loss = self._loss(batch, leaves)
        optim_wrapper['weights'].update_params(loss)
        mix_grads = [
            torch.zeros_like(leaf) if leaf.grad is None else leaf.grad / scale
            for leaf in stack_mix(leaves)
        ]
        self._step_alpha(mix, mix_grads, optim_wrapper, may_overflow=scale != 1.0)
        return loss.detach()

    def _step_architecture(
        self,
        mix: Mapping[str, MixWeights],
        weight_batch: Batch,
        arch_batch: Batch,
        optim_wrapper: OptimWrapperDict,
    ) -> Tensor:
        problem = self._problem(mix, optim_wrapper['weights'])
        loss, mix_grads = self.arch_update.gradients(problem, weight_batch, arch_batch)
        self._step_alpha(mix, mix_grads, optim_wrapper, may_overflow=problem.loss_scale != 1.0)
        return loss

    def _step_alpha(
        self,
        mix: Mapping[str, MixWeights],
        mix_grads: Sequence[Tensor],
        optim_wrapper: OptimWrapperDict,
        may_overflow: bool,
    ) -> None:
        """Show the gradients to the criteria, and move alpha."""
        self.arch_step, grads = self._pulled_back(mix, mix_grads)
        # Under a loss scale an overflow is expected now and then: alpha then waits for the next batch
        if not may_overflow or all(grad.isfinite().all() for grad in grads):
            before = self.arch_step.state.alphas
            total = self._regularized(grads, mix)
            for parameter, grad in zip(self.arch_parameters, total, strict=True):
                parameter.grad = grad.clone()
            optim_wrapper['arch'].step()
            if self.early_fix is not None:
                self.early_fix.rest(self.alphas, before)
            if self.decided is not None:
                self.decided.rest(self.alphas, before)
            optim_wrapper['arch'].zero_grad()
            for name, alpha_EO in self.alphas.items():
                self.weighting.settle(alpha_EO, before[name], mix[name])

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
            kept=kept_by(mix, self.weighting.is_hard),
            mixtures=self.weighting.mixtures,
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
        with kept_generators(batch.images), frozen(self.bare_supernet):
            loss = problem.loss(batch, problem.weights)
        return self._pulled_back(mix, problem.grad(loss, problem.mix))[0]

    def _regularized(
        self, grads: Sequence[Tensor], mix: Mapping[str, MixWeights]
    ) -> Sequence[Tensor]:
        """``grads`` plus those of the regularisers, which are alike on all processes.

        Those of alpha move nothing that the step has dropped.
        """
        active = [term for term in self.regularizers if term.weight]
        if not active:
            return grads
        kept = kept_by(mix, self.weighting.is_hard) or {}
        alphas = {
            name: alpha_EO.where(kept[name].to(alpha_EO.device), alpha_EO.detach())
            if name in kept
            else alpha_EO
            for name, alpha_EO in self.masked_alphas.items()
        }
        clean = self.mix() if any(term.of_mix for term in active) else {}
        terms = [term.weight * term(clean if term.of_mix else alphas) for term in active]
        extra = torch.autograd.grad(
            torch.stack(terms).sum(),
            self.arch_parameters,
            allow_unused=True,
            materialize_grads=True,
        )
        return [grad + other for grad, other in zip(grads, extra, strict=True)]

    def _mix_of_weights(self, batch: Batch, generator: Generator) -> dict[str, MixWeights]:
        """The mix under which the weights take their step."""
        mix = leaves_of(self.mix(generator), requires_grad=False)
        if self.perturbation is None:
            return mix
        loss = partial(self._loss, batch, arch=True)
        with in_mode(self.bare_supernet, training=False):
            perturbed: dict[str, MixWeights] = self.perturbation(mix, generator, loss)
        return perturbed

    def _problem(self, mix: Mapping[str, MixWeights], wrapper: Any) -> BilevelProblem:
        leaves = leaves_of(mix, requires_grad=True)
        return BilevelProblem(
            loss=lambda batch, weights: self._loss(batch, leaves, weights, arch=True),
            mix=stack_mix(leaves),
            weights=dict(self.bare_supernet.named_parameters()),
            optimizer=wrapper.optimizer,
            loss_scale=_loss_scale(wrapper),
        )


def _check_perturbation(name: str, weighting: Weighting) -> None:
    if weighting.is_hard or weighting.mixtures:
        does = 'computes one per edge' if weighting.is_hard else 'weighs groups of them apart'
        raise InvalidValueError(
            f'model.perturbation: {name} changes the weights of all candidates, but '
            f'{type(weighting).__name__} {does}; leave out one of the two'
        )


def _loss_scale(wrapper: Any) -> float:
    scaler = getattr(wrapper, 'loss_scaler', None)
    return 1.0 if scaler is None else float(scaler.get_scale())
