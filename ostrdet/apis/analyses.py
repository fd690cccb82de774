"""The analyses by the names of their commands."""

from collections.abc import Callable, Mapping
from typing import Any

from ostrdet.apis.analyze_correlation import correlation
from ostrdet.apis.analyze_criteria import criteria
from ostrdet.apis.analyze_landscape import landscape
from ostrdet.apis.analyze_loss_change import loss_change
from ostrdet.apis.analyze_noise import noise
from ostrdet.apis.analyze_race import race
from ostrdet.apis.analyze_residuals import residual_norms
from ostrdet.apis.analyze_stability import stability

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
}
