"""Search spaces: the only folder that knows one space from another."""

from collections.abc import Mapping
from typing import Any

from ostrdet.registry import SPACES, build
from ostrdet.spaces.base import SearchSpace
from ostrdet.spaces.darts import DARTSSpace, NASNetSpace
from ostrdet.spaces.darts_variants import DenseDARTSSpace, SparseDARTSSpace
from ostrdet.spaces.nas_bench_201 import NASBench201Space

__all__ = [
    'DARTSSpace',
    'DenseDARTSSpace',
    'NASBench201Space',
    'NASNetSpace',
    'SearchSpace',
    'SparseDARTSSpace',
    'build_space',
]


def build_space(cfg: Mapping[str, Any] | SearchSpace) -> SearchSpace:
    """Build the space of a config, or pass one through."""
    space = cfg if isinstance(cfg, SearchSpace) else build(SPACES, cfg)
    assert isinstance(space, SearchSpace)
    return space
