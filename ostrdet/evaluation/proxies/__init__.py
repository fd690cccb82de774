"""Training-free scores: the worth of a network before it learns, from one batch or from none."""

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.evaluation.proxies.fisher import Fisher
from ostrdet.evaluation.proxies.grad_norm import GradNorm
from ostrdet.evaluation.proxies.jacob_cov import JacobCov
from ostrdet.evaluation.proxies.macs import MACs
from ostrdet.evaluation.proxies.naswot import NASWOT
from ostrdet.evaluation.proxies.params import Params
from ostrdet.evaluation.proxies.snip import SNIP
from ostrdet.evaluation.proxies.synflow import SynFlow
from ostrdet.evaluation.proxies.untrained import scores, untrained

__all__ = [
    'NASWOT',
    'SNIP',
    'Batch',
    'Fisher',
    'GradNorm',
    'JacobCov',
    'MACs',
    'Params',
    'Proxy',
    'SynFlow',
    'scores',
    'untrained',
]
