"""Which operations learn something: a cell of those that don't is the collapse of a search."""

import torch
from torch import nn

from ostrdet.models.ops.operations import build_op

IDENTITY, FIXED, LEARNED = 'identity', 'fixed', 'learned'
PARAMETER_FREE = (IDENTITY, FIXED)
_CHANNELS = 4  # any number tells


def op_kind(op: str) -> str:
    """What the operation is at stride 1.

    Returns:
        'identity' for a skip connection, 'fixed' for another that has no parameter (no connection,
        pooling), 'learned' for the rest.

    Raises:
        UnknownNameError: If it is not registered.

    Examples:
        >>> op_kind('skip_connect'), op_kind('max_pool_3x3'), op_kind('nor_conv_1x1')
        ('identity', 'fixed', 'learned')
    """
    if isinstance(_build(op), nn.Identity):
        return IDENTITY
    return LEARNED if op_size(op) else FIXED


def op_size(op: str) -> int:
    """How many parameters the operation has at stride 1 and a few channels; tells larger from smaller.

    Raises:
        UnknownNameError: If it is not registered.

    Examples:
        >>> op_size('avg_pool_3x3'), op_size('nor_conv_3x3') // op_size('nor_conv_1x1')
        (0, 9)
    """
    return sum(parameter.numel() for parameter in _build(op).parameters())


def _build(op: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # to look at an operation is not to draw
        return build_op(op, _CHANNELS, 1, {'type': 'BN', 'affine': False})
