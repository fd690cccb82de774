"""How an edge of the supernet mixes its candidates."""

from ostrdet.models.mixed_ops.auxiliary_skip import AuxiliarySkipMixedOp
from ostrdet.models.mixed_ops.mixed_op import MixedOp
from ostrdet.models.mixed_ops.partial_channel import PartialChannelMixedOp
from ostrdet.models.mixed_ops.skip_dropout import SkipDropoutMixedOp

__all__ = ['AuxiliarySkipMixedOp', 'MixedOp', 'PartialChannelMixedOp', 'SkipDropoutMixedOp']
