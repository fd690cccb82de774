"""Which operations learn something: a cell of those that don't is the collapse of a search."""

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
        KeyError: If it is not registered.

    Examples:
        >>> op_kind('skip_connect'), op_kind('max_pool_3x3'), op_kind('nor_conv_1x1')
        ('identity', 'fixed', 'learned')
    """
    module = build_op(op, _CHANNELS, 1, {'type': 'BN', 'affine': False})
    if isinstance(module, nn.Identity):
        return IDENTITY
    return FIXED if next(module.parameters(), None) is None else LEARNED
