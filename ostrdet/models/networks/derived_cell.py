"""The network of a genotype as a backbone: the same skeleton, with the chosen operation on each edge."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmcv.cnn.bricks import DropPath
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ostrdet.errors import GenotypeError, InvalidValueError
from ostrdet.models.networks.cell import Cell
from ostrdet.models.networks.skeleton import Skeleton
from ostrdet.models.networks.unread import unread_parts
from ostrdet.models.ops import build_op, set_fast_depthwise
from ostrdet.registry import MODELS
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import CellGenotype, CellPlan, CellSpec, Edge, FeatureSpec, Genotype

AFFINE_NORM = {'type': 'BN'}


@MODELS.register_module()
class DerivedCellBackbone(BaseModule):
    """The cells of a genotype, stacked by the macro plan of its space.

    A stage is a run of layers of one stride: strides 1, 2, 4 on CIFAR and 8, 16, 32 on ImageNet.
    Feature maps have ceil(H / stride) by ceil(W / stride) pixels, odd sizes too. Weights on which no
    output depends, as only 'none' or 'noise' reads them, are frozen.

    Args:
        genotype: Published name, file, text, dict or :class:`Genotype`.
        channels: Channels C of the first cells.
        num_cells: Depth, as the space counts it.
        stem: Registered type of the stem.
        space: The search space, or its config, to which the genotype must belong (or to one that
            derives from it); None takes any.
        out_indices: Stages whose last feature map is put out; negative ones count from the end.
        frozen_stages: 0 freezes the stem, k also the first k stages; -1 nothing.
        norm_eval: Whether BatchNorm keeps its running statistics in training.
        drop_path_prob: Probability, in [0, 1), with which an operation of one sample is dropped in
            training; identities never are. ``ProgressHook`` ramps it (:meth:`set_progress`).
        with_cp: Whether to compute cells anew in the backward pass, which saves memory.
        channels_last: Whether weights and images are laid out channels last; None: unless there is
            a GPU.
        fast_depthwise: Whether depthwise convolutions avoid the slow paths of CPUs: phases instead
            of dilation, and kernel gradients by columns. It changes nothing elsewhere.
        aux_feature: Whether training also puts out, before the others, the layer of the auxiliary
            head, where the plan of the space has one.
        init_cfg: As in ``mmengine.model.BaseModule``.

    Raises:
        GenotypeError: If the genotype is malformed, or belongs to another space.
        UnknownNameError: If a name is unknown; the nearest is offered.
        InvalidValueError: If a number is out of its range.
    """

    def __init__(
        self,
        genotype: str | os.PathLike[str] | Mapping[str, Any] | Genotype,
        channels: int,
        num_cells: int,
        stem: str = 'CIFARStem',
        space: Mapping[str, Any] | SearchSpace | None = None,
        out_indices: Sequence[int] = (-1,),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        drop_path_prob: float = 0.0,
        with_cp: bool = False,
        channels_last: bool | None = None,
        fast_depthwise: bool = False,
        aux_feature: bool = False,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        _check_range('channels', channels, 1)
        _check_range('num_cells', num_cells, 1)
        self.genotype = get_genotype(genotype)
        self.space = _space_of(self.genotype, space)
        self.drop_path = DropPath(0.0)
        self.drop_path_prob = drop_path_prob
        self.set_drop_path_prob(drop_path_prob)
        outputs = {name: len(cell.output) for name, cell in self.genotype.cells.items()}
        self.plan = self.space.plan(stem, channels, num_cells, outputs)
        self.skeleton = Skeleton(self.plan, self._make_cell, with_cp)
        stages = range(len(self.plan.stages))
        for index in out_indices:
            _check_range('out_indices', index, -len(stages), len(stages) - 1)
        _check_range('frozen_stages', frozen_stages, -1, len(stages))
        self.out_indices = tuple(stages[index] for index in out_indices)
        self.frozen_stages, self.norm_eval = frozen_stages, norm_eval
        self.aux_layer = self.plan.aux_layer if aux_feature else None
        set_fast_depthwise(self, fast_depthwise)
        self.memory_format = _memory_format(channels_last)
        self.to(memory_format=self.memory_format)
        self._freeze()
        self._freeze_unread()

    @property
    def out_features(self) -> tuple[FeatureSpec, ...]:
        """Channels and stride of every feature map of ``out_indices``."""
        return tuple(self.plan.layers[self._last_of(stage)].output for stage in self.out_indices)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of every feature map of ``out_indices``."""
        return tuple(feature.channels for feature in self.out_features)

    @property
    def strides(self) -> tuple[int, ...]:
        """Stride of every feature map of ``out_indices``, in pixels of the image."""
        return tuple(feature.stride for feature in self.out_features)

    def set_progress(self, epoch: int, max_epochs: int) -> None:
        """Drop with probability p e / E in epoch e, from 0, of E (DARTS); p is ``drop_path_prob``."""
        self.set_drop_path_prob(self.drop_path_prob * (epoch / max_epochs))

    def set_drop_path_prob(self, probability: float) -> None:
        """Drop operations with ``probability``, in [0, 1), from now on."""
        if not 0 <= probability < 1:
            raise InvalidValueError(
                f'model.backbone.drop_path_prob={probability}, expected a probability in [0, 1)'
            )
        self.drop_path.drop_prob = probability

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The feature maps of ``out_indices``, (N, C_i, H_i, W_i) each, of images (N, 3, H, W).

        Raises:
            InvalidValueError: If the images are smaller than the stride of the network.
        """
        height, width = images.shape[-2:]
        if min(height, width) < self.plan.output.stride:
            raise InvalidValueError(
                f'images of {height}x{width} pixels are smaller than the stride of the network, '
                f'{self.plan.output.stride}; give larger ones, or use the stem for small images'
            )
        wanted = self._wanted(with_aux=self.training)
        images = images.contiguous(memory_format=self.memory_format)
        states = {i: state for i, state in enumerate(self.skeleton(images)) if i in wanted}
        return tuple(states[index] for index in wanted)

    def train(self, mode: bool = True) -> 'DerivedCellBackbone':
        """As in torch, but what is frozen, and BatchNorm with ``norm_eval``, keeps its statistics."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze(self) -> None:
        frozen = [self.skeleton.stem] if self.frozen_stages >= 0 else []
        for stage in self.plan.stages[: max(self.frozen_stages, 0)]:
            frozen += [self.skeleton.layers[index] for index in stage]
        if self.frozen_stages == len(self.plan.stages):
            frozen.append(self.skeleton.tail)
        for module in frozen:
            module.eval().requires_grad_(False)

    def _freeze_unread(self) -> None:
        # They never get a gradient, and distributed training waits for that of every weight
        for module in unread_parts(self.skeleton, self._wanted(with_aux=True)):
            module.requires_grad_(False)

    def _wanted(self, with_aux: bool) -> list[int]:
        """The layers that are put out."""
        aux = [self.aux_layer] if with_aux and self.aux_layer is not None else []
        return [*aux, *(self._last_of(stage) for stage in self.out_indices)]

    def _last_of(self, stage: int) -> int:
        return self.plan.stages[stage][-1]

    def _make_cell(self, plan: CellPlan) -> Cell:
        cell_type = plan.cell_type
        spec, cell = _compacted(self.space.cells[cell_type], self.genotype.cells[cell_type])
        chosen = [
            (op, Edge(source, node))
            for node, edges in zip(spec.nodes, cell.nodes, strict=True)
            for op, source in edges
        ]

        def make_edge(index: int, channels: int, stride: int) -> nn.Module:
            return build_op(chosen[index][0], channels, stride, AFFINE_NORM)

        wiring = [edge for _, edge in chosen]
        return Cell(plan, spec, wiring, cell.output, make_edge, AFFINE_NORM, self.drop_path)


def _compacted(spec: CellSpec, cell: CellGenotype) -> tuple[CellSpec, CellGenotype]:
    """The cell without the nodes that have no inputs, whose states nobody reads."""
    chosen = {node: edges for node, edges in zip(spec.nodes, cell.nodes, strict=True) if edges}
    numbers = {old: new for new, old in enumerate([*range(spec.num_inputs), *chosen])}
    nodes = tuple(tuple((op, numbers[s]) for op, s in edges) for edges in chosen.values())
    output = tuple(numbers[node] for node in cell.output)
    spec = dataclasses.replace(spec, num_nodes=len(nodes), output=output)
    return spec, CellGenotype(nodes, output)


def _memory_format(channels_last: bool | None) -> torch.memory_format:
    if channels_last is None:
        channels_last = not torch.cuda.is_available()
    return torch.channels_last if channels_last else torch.contiguous_format


def _space_of(genotype: Genotype, expected: Mapping[str, Any] | SearchSpace | None) -> SearchSpace:
    space = build_space(genotype.space)
    if expected is not None and not isinstance(space, kind := type(build_space(expected))):
        raise GenotypeError(
            f'the genotype belongs to {type(space).__name__}, model.backbone.space is '
            f'{kind.__name__}; give a genotype of that space, or take a config for this one'
        )
    return space


def _check_range(key: str, value: int, least: int, most: int | None = None) -> None:
    if value < least or (most is not None and value > most):
        bound = f'at least {least}' if most is None else f'{least} to {most}'
        raise InvalidValueError(f'model.backbone.{key}={value}, expected {bound}')
