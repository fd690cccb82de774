"""Candidate operations and the layers that they are made of."""

from ostrdet.models.ops import operations
from ostrdet.models.ops.depthwise import DepthwiseConv2d, set_fast_depthwise
from ostrdet.models.ops.layers import FactorizedReduce, Noise, NormCfg, Zero, norm, relu_conv_norm
from ostrdet.models.ops.operations import build_op

__all__ = [
    'DepthwiseConv2d',
    'FactorizedReduce',
    'Noise',
    'NormCfg',
    'Zero',
    'build_op',
    'norm',
    'operations',
    'relu_conv_norm',
    'set_fast_depthwise',
]
