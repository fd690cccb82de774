"""Candidate operations and the layers that they are made of."""

from ostrdet.models.ops import operations
from ostrdet.models.ops.layers import FactorizedReduce, NormCfg, Zero, norm, relu_conv_norm
from ostrdet.models.ops.operations import build_op

__all__ = [
    'FactorizedReduce',
    'NormCfg',
    'Zero',
    'build_op',
    'norm',
    'operations',
    'relu_conv_norm',
]
