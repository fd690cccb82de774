"""The analyses by the names of their commands."""

from collections.abc import Callable, Mapping
from typing import Any

from ostrdet.analysis.budget import budget
from ostrdet.analysis.correlation import correlation
from ostrdet.analysis.criteria import criteria
from ostrdet.analysis.landscape import landscape
from ostrdet.analysis.loss_change import loss_change
from ostrdet.analysis.noise import noise
from ostrdet.analysis.proxies import proxies
from ostrdet.analysis.race import race
from ostrdet.analysis.residuals import residual_norms
from ostrdet.analysis.stability import stability

#: Their keyword arguments are the options of the command.
ANALYSES: Mapping[str, Callable[..., Any]] = {
    'correlation': correlation,
    'stability': stability,
    'criteria': criteria,
    'loss-change': loss_change,
    'landscape': landscape,
    'race': race,
    'noise': noise,
    'residuals': residual_norms,
    'proxies': proxies,
    'budget': budget,
}
