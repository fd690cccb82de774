"""The supernet: every candidate on every edge, a pure function of images and weights."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.tiles import split_tiles
from ostrdet.models.networks.cell import Cell, FastCell
from ostrdet.models.networks.skeleton import Skeleton
from ostrdet.models.ops import NormCfg, set_fast_depthwise
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import MODELS, build, nearest
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.base import NONE
from ostrdet.structures import CellPlan, Layout

ENGINES: dict[str, type[Cell]] = {'fast': FastCell, 'plain': Cell}


@MODELS.register_module()
class Supernet(nn.Module):
    """All architectures of a space in one network, with a linear classifier.

    It holds no architecture parameters: the weights are passed to :meth:`forward`, so that the same
    network serves any weighting, the unrolled step and distributed training.

    Args:
        space: The search space, or its config.
        channels: Channels C of the first cells.
        num_cells: Depth, as the space counts it.
        num_classes: Classes of the data set.
        stem: Registered type of the stem.
        mixed_op: Config of the relaxation; the edge's own arguments are filled in.
        norm_cfg: Normalisation inside cells; the reference has BatchNorm without affine.
        engine: How cells are computed: 'fast', or 'plain', the reference that mixes edge by edge.
            Parameters, buffers, their names and, but for rounding, all numbers are the same.
        with_cp: Whether to compute cells anew in the backward pass, which saves memory.
        compile_cells: Backend of ``torch.compile`` for the cells, such as 'inductor'; None: none. It
            compiles for minutes before the first step, and suits the plain engine.
        tiles: Of how many tiles an image consists, a square number; each goes through the cells by itself,
            and the classifier reads the features of all (the jigsaw puzzles of UnNAS).

    Attributes:
        layout: Its stem, width, depth and classes; the images may have any size.

    Raises:
        UnknownNameError: If a type or operation is unknown; the nearest name is offered.
        InvalidValueError: If a size is below one, the engine is unknown, or tiles form no square.
    """

    def __init__(
        self,
        space: Mapping[str, Any] | SearchSpace,
        channels: int,
        num_cells: int,
        num_classes: int,
        stem: str = 'CIFARStem',
        mixed_op: Mapping[str, Any] | None = None,
        norm_cfg: NormCfg | None = None,
        engine: str = 'fast',
        with_cp: bool = False,
        compile_cells: str | None = None,
        tiles: int = 1,
    ) -> None:
        super().__init__()
        if engine not in ENGINES:
            raise InvalidValueError(f"model.supernet.engine='{engine}'. {nearest(engine, ENGINES)}")
        self.engine = engine
        _check_sizes(channels=channels, num_cells=num_cells, num_classes=num_classes)
        self.grid = math.isqrt(max(tiles, 0))
        if tiles < 1 or self.grid**2 != tiles:
            raise InvalidValueError(
                f'model.supernet.tiles={tiles}, expected a square number, such as 9'
            )
        self.space, self.num_classes = build_space(space), num_classes
        self.mixed_op = dict(mixed_op or {'type': 'MixedOp'})
        self.norm_cfg = dict(norm_cfg or {'type': 'BN', 'affine': False})
        self.layout = Layout(stem, channels, num_cells, num_classes, image_size=0)
        plan = self.space.plan(stem, channels, num_cells)
        self.skeleton = Skeleton(plan, self._make_cell, with_cp)
        self.classifier = nn.Linear(tiles * plan.output.channels, num_classes)
        set_fast_depthwise(self, engine == 'fast')
        for layer in self.skeleton.layers if compile_cells else ():
            layer.compile(backend=compile_cells)

    def _make_cell(self, plan: CellPlan) -> Cell:
        spec = self.space.cells[plan.cell_type]
        make_edge = partial(self._make_edge, plan.cell_type)
        return ENGINES[self.engine](plan, spec, spec.edges, spec.output, make_edge, self.norm_cfg)

    def _make_edge(self, cell_type: str, index: int, channels: int, stride: int) -> nn.Module:
        present = self.space.ops_of(cell_type, index)
        edge: nn.Module = build(
            MODELS,
            self.mixed_op,
            ops=[op if op in present else NONE for op in self.space.ops],
            channels=channels,
            stride=stride,
            norm_cfg=self.norm_cfg,
            normalized=self.space.normalized_in_search,
        )
        return edge

    def forward(self, images: Tensor, weights: Mapping[str, MixWeights]) -> Tensor:
        """Logits (N, num_classes) of images (N, 3, H, W) under ``weights`` by cell type."""
        count = len(images)
        if self.grid > 1:
            images = split_tiles(images, self.grid)
        *_, features = self.skeleton(images, weights)
        return self.classifier(features.mean(dim=(-2, -1)).reshape(count, -1))


def _check_sizes(**sizes: int) -> None:
    for key, value in sizes.items():
        if value < 1:
            raise InvalidValueError(f'model.supernet.{key}={value}, expected at least 1')
