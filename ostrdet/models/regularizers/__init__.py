"""Regularisers: what the architecture step minimises beside the cross-entropy."""

from ostrdet.models.regularizers.alpha_decay import AlphaDecay
from ostrdet.models.regularizers.base import Regularizer
from ostrdet.models.regularizers.beta_decay import BetaDecay
from ostrdet.models.regularizers.dirichlet_kl import DirichletKL
from ostrdet.models.regularizers.expected_cost import ExpectedCost
from ostrdet.models.regularizers.zero_one import ZeroOne

__all__ = ['AlphaDecay', 'BetaDecay', 'DirichletKL', 'ExpectedCost', 'Regularizer', 'ZeroOne']
