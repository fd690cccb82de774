"""The searcher: a supernet, its architecture parameters, and the loss of both."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel, is_model_wrapper
from torch import Generator, Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers.decided import DecidedEdges
from ostrdet.models.searchers.early_fix import EarlyFix
from ostrdet.models.searchers.graphed import GraphedLoss
from ostrdet.models.searchers.mix import arch_state, frozen, leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import MODELS, WEIGHTINGS, build, nearest
from ostrdet.structures import ArchState, ArchStep
from ostrdet.structures.decisions import Decisions

Config = Mapping[str, Any]
AUTOCAST_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}


class Searcher(BaseModel):
    """A supernet with alpha and beta; a subclass says how both are trained.

    Args:
        supernet: Config of the supernet.
        weighting: Config of the weighting; softmax if None.
        data_preprocessor: Config of the normalisation, as in mmengine.
        init_std: Standard deviation of the initial alpha and beta.
        autocast: 'bfloat16', 'float16', or None for full precision.
        channels_last: Whether channels are innermost in memory; None chooses.
        cuda_graphs: Whether the passes of a step are recorded and replayed as CUDA graphs.

    Attributes:
        space: The search space.
        arch_step: What the last architecture step left for the criteria; None if there was none.
        decided: Edges about which a decision was made; None for none.

    Raises:
        InvalidValueError: If ``autocast`` is unknown, or the draws of the weighting say anew in every
            step what is computed, which no graph can.
    """

    def __init__(
        self,
        supernet: Config,
        weighting: Config | None = None,
        data_preprocessor: Config | None = None,
        init_std: float = 1e-3,
        autocast: str | None = None,
        channels_last: bool | None = None,
        cuda_graphs: bool = False,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        if autocast is not None and autocast not in AUTOCAST_DTYPES:
            raise InvalidValueError(
                f"model.autocast='{autocast}'. {nearest(autocast, AUTOCAST_DTYPES)}"
            )
        self.autocast = autocast
        self.supernet: nn.Module = build(MODELS, supernet)
        if channels_last is None:
            is_fast = getattr(self.supernet, 'engine', None) == 'fast'
            channels_last = is_fast and not torch.cuda.is_available()
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.supernet.to(memory_format=self.memory_format)
        self.weighting = build(WEIGHTINGS, weighting or {'type': 'SoftmaxWeighting'})
        loss = self._cross_entropy
        self._graphed = GraphedLoss(loss, self.weighting) if cuda_graphs else None
        self.space = self.supernet.space
        self.weighting.read_space(self.space)
        # Parameters of the searcher itself: a child module that holds them would be wrapped by DDP
        for name, spec in self.space.cells.items():
            alpha_EO = init_std * torch.randn(len(spec.edges), len(self.space.ops))
            self.register_parameter(f'alpha_{name}', nn.Parameter(alpha_EO))
            absent_EO = ~torch.tensor(self.space.presence(name))
            self.register_buffer(f'absent_{name}', absent_EO, persistent=False)
            if self.weighting.edge_norm:
                beta_E = init_std * torch.randn(self.weighting.num_betas(spec))
                self.register_parameter(f'beta_{name}', nn.Parameter(beta_E))
        self.arch_step: ArchStep | None = None
        self.decided: DecidedEdges | None = None
        self.early_fix: EarlyFix | None = None

    @property
    def alphas(self) -> dict[str, nn.Parameter]:
        """Architecture parameters by cell type, shape (E, O)."""
        return {name: self.get_parameter(f'alpha_{name}') for name in self.space.cells}

    @property
    def masked_alphas(self) -> dict[str, Tensor]:
        """Architecture parameters by cell type; minus infinity where an edge lacks a candidate."""
        if self.space.candidates is None:
            return dict(self.alphas)
        return {
            name: alpha_EO.masked_fill(self.get_buffer(f'absent_{name}'), -torch.inf)
            for name, alpha_EO in self.alphas.items()
        }

    @property
    def betas(self) -> dict[str, nn.Parameter]:
        """Parameters of the weights of edges by cell type; empty without them."""
        names = self.space.cells if self.weighting.edge_norm else ()
        return {name: self.get_parameter(f'beta_{name}') for name in names}

    @property
    def arch_parameters(self) -> list[nn.Parameter]:
        """All alphas, then all betas: what the optimizer ``arch`` owns."""
        return [*self.alphas.values(), *self.betas.values()]

    def mix(self, generator: Generator | None = None) -> dict[str, MixWeights]:
        """The weights that the supernet mixes with, by cell type; differentiable.

        Args:
            generator: For a weighting that draws, of the CPU; None for weights without a draw.
        """
        alphas, betas = self.masked_alphas, self.betas
        if generator is not None and self.early_fix is not None:
            alphas = {name: self.early_fix.for_draws(name, a) for name, a in alphas.items()}
        mix = {
            name: self.weighting(alpha_EO, betas.get(name), self.space.cells[name], generator)
            for name, alpha_EO in alphas.items()
        }
        if self.decided is None:
            return mix
        return {name: self.decided(name, weights) for name, weights in mix.items()}

    def decide(self, decisions: Decisions) -> None:
        """Leave decided edges with one candidate of weight 1, or with none, from now on.

        Args:
            decisions: Of all edges of all cell types; {} takes all decisions back.
        """
        self.decided = DecidedEdges(decisions, self.alphas) if decisions else None

    def arch_state(self) -> ArchState:
        """Alpha and its weights without a draw at this moment; detached copies."""
        decisions = self.decided.decisions if self.decided else {}
        return replace(arch_state(self.alphas, self.mix()), decisions=decisions)

    def probe_loss(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        """The loss of the weight step and its weights; no running statistic changes."""
        loss = self.mix_loss(batch, leaves_of(self.mix(), requires_grad=False))
        return loss, list(self.bare_supernet.parameters())

    def mix_loss(self, batch: Batch, mix: Mapping[str, MixWeights]) -> Tensor:
        """The cross-entropy of ``batch`` under ``mix``; no running statistic changes."""
        return F.cross_entropy(self.mix_logits(batch, mix), batch.labels)

    def mix_logits(
        self,
        batch: Batch,
        mix: Mapping[str, MixWeights],
        buffers: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """The logits (N, num_classes) of ``batch`` under ``mix``; no running statistic changes.

        Args:
            batch: Images and labels.
            mix: By cell type.
            buffers: Buffers of the supernet by name, in the place of its own; those change.
        """
        weights = {**dict(self.bare_supernet.named_parameters()), **(buffers or {})}
        return self._logits(self.bare_supernet, batch.images, mix, weights)

    @property
    def bare_supernet(self) -> Any:
        """The supernet without the wrapper of distributed training."""
        return self.supernet.module if is_model_wrapper(self.supernet) else self.supernet

    def _loss(
        self,
        batch: Batch,
        mix: Mapping[str, MixWeights],
        weights: Mapping[str, Tensor] | None = None,
        arch: bool = False,
    ) -> Tensor:
        # The reducer of DDP only ever sees the pass whose gradients it reduces: the weights' own
        supernet = self.bare_supernet if arch else self.supernet
        graphed = self._graphed if weights is None else None
        if graphed is not None and all(each.active is None for each in mix.values()):
            return graphed(supernet, batch, mix, arch)
        with frozen(supernet) if arch and weights is None else nullcontext():
            return self._cross_entropy(supernet, batch, mix, weights)

    def _cross_entropy(
        self,
        supernet: nn.Module,
        batch: Batch,
        mix: Mapping[str, MixWeights],
        weights: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        return F.cross_entropy(self._logits(supernet, batch.images, mix, weights), batch.labels)

    def _logits(
        self,
        supernet: nn.Module,
        images: Tensor,
        mix: Mapping[str, MixWeights],
        weights: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        dtype = AUTOCAST_DTYPES.get(self.autocast or '')
        images = images.contiguous(memory_format=self.memory_format)
        with torch.autocast(images.device.type, dtype) if dtype else nullcontext():
            if weights is None:
                logits: Tensor = supernet(images, mix)
            else:
                scratch = {name: buffer.clone() for name, buffer in supernet.named_buffers()}
                state = {**scratch, **weights}
                logits = torch.func.functional_call(supernet, state, (images, mix))
        return logits.float() if dtype else logits

    def prepare(self, batch: Any) -> Batch:
        """What a dataloader gives, normalised."""
        data = self.data_preprocessor(batch, training=True)
        return Batch(data['inputs'], _labels(data['data_samples']))

    def forward(
        self, inputs: Tensor, data_samples: list[Any] | None = None, mode: str = 'tensor'
    ) -> Any:
        """Run the supernet under the present weights; nothing is drawn.

        Args:
            inputs: Normalised images, shape (N, 3, H, W).
            data_samples: ``mmpretrain.structures.DataSample`` of each image.
            mode: 'tensor' for logits (N, num_classes); 'predict' for the samples with their
                prediction; 'loss' for a dict with the cross-entropy.

        Raises:
            InvalidValueError: If the mode is unknown.
        """
        logits = self._logits(self.bare_supernet, inputs, leaves_of(self.mix(), False))
        if mode == 'tensor':
            return logits
        if mode == 'loss':
            return {'loss': F.cross_entropy(logits, _labels(data_samples))}
        if mode == 'predict':
            scores = logits.softmax(dim=-1)
            return [
                sample.set_pred_score(score).set_pred_label(score.argmax(dim=0))
                for sample, score in zip(data_samples or [], scores, strict=True)
            ]
        raise InvalidValueError(
            f"unknown mode '{mode}'. {nearest(mode, ('loss', 'predict', 'tensor'))}"
        )


def _labels(data_samples: list[Any] | None) -> Tensor:
    return torch.cat([sample.gt_label for sample in data_samples or []])
