"""Training-free scores: the worth of a network before it learns, from one batch or from none."""

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.evaluation.proxies.fisher import Fisher
from ostrdet.evaluation.proxies.grad_norm import GradNorm
from ostrdet.evaluation.proxies.grasp import GraSP
from ostrdet.evaluation.proxies.jacob_cov import JacobCov
from ostrdet.evaluation.proxies.macs import MACs
from ostrdet.evaluation.proxies.naswot import NASWOT
from ostrdet.evaluation.proxies.params import Params
from ostrdet.evaluation.proxies.snip import SNIP
from ostrdet.evaluation.proxies.synflow import SynFlow
from ostrdet.evaluation.proxies.te_nas import TENAS
from ostrdet.evaluation.proxies.untrained import scores, untrained
from ostrdet.evaluation.proxies.zen import Zen

__all__ = [
    'NASWOT',
    'SNIP',
    'TENAS',
    'Batch',
    'Fisher',
    'GraSP',
    'GradNorm',
    'JacobCov',
    'MACs',
    'Params',
    'Proxy',
    'SynFlow',
    'Zen',
    'scores',
    'untrained',
]
