"""Two optimizers: one for the weights of the supernet, one for alpha."""

from collections.abc import Mapping
from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapperDict
from torch import nn

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

NAMES = ('weights', 'arch')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class BilevelOptimWrapperConstructor:
    """Builds an ``OptimWrapperDict`` with the keys 'weights' and 'arch'.

    Args:
        optim_wrapper_cfg: Config of an optimizer wrapper under each of the two keys.
        paramwise_cfg: As in ``DefaultOptimWrapperConstructor``, for the weights.

    Raises:
        UnknownNameError: If one of the two is missing or lacks its optimizer, or there is another.
        InvalidValueError: If one accumulates gradients, which a bilevel step can't.
    """

    def __init__(
        self,
        optim_wrapper_cfg: Mapping[str, Any],
        paramwise_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        if set(optim_wrapper_cfg) != set(NAMES):
            raise UnknownNameError(
                f'optim_wrapper needs the keys {list(NAMES)} beside `constructor`, '
                f'got {sorted(optim_wrapper_cfg)}'
            )
        for name, cfg in optim_wrapper_cfg.items():
            if 'optimizer' not in (cfg or ()):
                raise UnknownNameError(f"optim_wrapper.{name} needs the key 'optimizer', got {cfg}")
            if cfg.get('accumulative_counts', 1) != 1:
                raise InvalidValueError(
                    f'optim_wrapper.{name}.accumulative_counts={cfg["accumulative_counts"]}: a '
                    'search step uses one batch for each level; set it to 1 and change '
                    'train_dataloader.batch_size'
                )
        self.cfg, self.paramwise_cfg = optim_wrapper_cfg, paramwise_cfg

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """The wrappers of ``model``, a searcher with ``supernet`` and ``arch_parameters``."""
        searcher = unwrapped(model)
        construct = DefaultOptimWrapperConstructor(dict(self.cfg['weights']), self.paramwise_cfg)
        arch_cfg = {'type': 'OptimWrapper', **self.cfg['arch']}
        optimizer_cfg = {**arch_cfg.pop('optimizer'), 'params': searcher.arch_parameters}
        arch = OPTIM_WRAPPERS.build({**arch_cfg, 'optimizer': OPTIMIZERS.build(optimizer_cfg)})
        return OptimWrapperDict(weights=construct(searcher.supernet), arch=arch)
