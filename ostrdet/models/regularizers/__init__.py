"""Regularisers: what the architecture step minimises beside the cross-entropy."""

from ostrdet.models.regularizers.base import Regularizer
from ostrdet.models.regularizers.beta_decay import BetaDecay

__all__ = ['BetaDecay', 'Regularizer']
