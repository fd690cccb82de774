"""Candidate operations and the layers that they are made of."""

from ostrdet.models.ops import operations
from ostrdet.models.ops.dilated import (
    PhaseConv2d,
    even_phase,
    merge_phases,
    set_by_phases,
    split_phases,
)
from ostrdet.models.ops.layers import FactorizedReduce, NormCfg, Zero, norm, relu_conv_norm
from ostrdet.models.ops.operations import build_op

__all__ = [
    'FactorizedReduce',
    'NormCfg',
    'PhaseConv2d',
    'Zero',
    'build_op',
    'even_phase',
    'merge_phases',
    'norm',
    'operations',
    'relu_conv_norm',
    'set_by_phases',
    'split_phases',
]
