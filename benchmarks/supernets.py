"""The searchers that the benchmarks measure: the papers' settings, on random images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostrdet.compat import import_quietly

import_quietly()

import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.optim import OptimWrapperDict  # noqa: E402
from mmpretrain.structures import DataSample  # noqa: E402

from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor  # noqa: E402
from ostrdet.models.arch_updates import Batch, BilevelProblem, FirstOrderUpdate  # noqa: E402
from ostrdet.models.searchers import BilevelSearcher  # noqa: E402
from ostrdet.registry import ARCH_UPDATES, MODELS  # noqa: E402

CLASSES = 10
CONFIGS = Path(__file__).parents[1] / 'configs' / 'search'
#: Config of the search, by setting.
SETTINGS = {
    'darts': 'ostr_darts_c10.py',
    'nb201': 'ostr_nb201_c10.py',
    'pc-darts': 'ostr_pc-darts_c10.py',
}
#: Weights of operations, by name: all operations, or one per edge as in GDAS.
WEIGHTINGS = {
    'dense': {'type': 'SoftmaxWeighting'},
    'drawn': {'type': 'GumbelWeighting', 'hard': True, 'tau': 5.0},
}
UPDATES = {'first': 'FirstOrderUpdate', 'second': 'UnrolledUpdate', 'public': 'EverythingUpdate'}
OPTIMIZERS = {
    'weights': {
        'optimizer': {'type': 'SGD', 'lr': 0.025, 'momentum': 0.9, 'weight_decay': 3e-4},
        'clip_grad': {'max_norm': 5},
    },
    'arch': {'optimizer': {'type': 'Adam', 'lr': 3e-4, 'betas': (0.5, 0.999)}},
}


@ARCH_UPDATES.register_module()
class EverythingUpdate(FirstOrderUpdate):
    """First order, which differentiates the weights too and drops that, as public code does."""

    def gradients(
        self, problem: BilevelProblem, weight_batch: Batch, arch_batch: Batch
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """One pass on ``arch_batch``."""
        loss = problem.loss(arch_batch, problem.weights)
        grads = problem.grad(loss, [*problem.mix, *problem.weights.values()])
        return loss.detach(), grads[: len(problem.mix)]


def searcher(
    setting: str,
    engine: str,
    order: str = 'first',
    weighting: str = 'dense',
    model: Mapping[str, Any] | None = None,
    **supernet: Any,
) -> tuple[BilevelSearcher, OptimWrapperDict]:
    """A searcher in training, always of the same weights, and its optimizers.

    Args:
        setting: One of ``SETTINGS``.
        engine: Of the supernet.
        order: One of ``UPDATES``.
        weighting: One of ``WEIGHTINGS``.
        model: Keys of the searcher, merged into those of the setting.
        supernet: Keys of the supernet, merged into those of the setting.
    """
    torch.manual_seed(0)
    config = Config.fromfile(CONFIGS / SETTINGS[setting])
    changes = {
        'supernet': {**supernet, 'engine': engine, 'num_classes': CLASSES},
        'weighting': WEIGHTINGS[weighting],
        'arch_update': {'_delete_': True, 'type': UPDATES[order]},
        **(model or {}),
    }
    config.merge_from_dict({'model': changes})
    built = MODELS.build(config.model)
    return built.train(), BilevelOptimWrapperConstructor(OPTIMIZERS)(built)


def batch(size: int, pixels: int = 32) -> dict[str, Any]:
    """``size`` random images of ``pixels`` by ``pixels``, with labels."""
    samples = [DataSample().set_gt_label(index % CLASSES) for index in range(size)]
    return {'inputs': torch.randn(size, 3, pixels, pixels), 'data_samples': samples}
