"""A backbone that starts from the weights of a classifier."""

from pathlib import Path

from mmengine.logging import print_log
from torch import nn

from ostrdet.engine.checkpoint.state import check_state, read_state
from ostrdet.errors import InvalidValueError
from ostrdet.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module()
class PretrainedBackbone:
    """An ``init_cfg`` that reads a backbone out of a checkpoint: all of it, or none.

    mmengine's own ``Pretrained`` takes what fits and leaves the rest as it is.

    Args:
        checkpoint: Checkpoint of a runner, or published ``.safetensors`` file.
        prefix: What the names of the backbone's weights start with in the file.
    """

    def __init__(self, checkpoint: str | Path, prefix: str = 'backbone.') -> None:
        self.checkpoint, self.prefix = checkpoint, prefix

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into ``module``.

        Raises:
            FileNotFoundError: If there is no such file.
            InvalidValueError: If the file is damaged, or a weight is missing, not known or of
                another shape; the first of each kind is named.
        """
        if not Path(self.checkpoint).is_file():
            raise FileNotFoundError(
                f"there is no classifier '{self.checkpoint}' to start from: train it, name another "
                'by model.backbone.init_cfg.checkpoint, or start from nothing with '
                'model.backbone.init_cfg=None'
            )
        state = read_state(self.checkpoint)
        found = {
            name.removeprefix(self.prefix): value
            for name, value in state.items()
            if name.startswith(self.prefix)
        }
        if not found:
            raise InvalidValueError(
                f"'{self.checkpoint}': none of its {len(state)} weights has the prefix "
                f"'{self.prefix}', they are named like '{next(iter(state), '')}'; set "
                'model.backbone.init_cfg.prefix to what stands before the names of the backbone'
            )
        check_state(found, module.state_dict(), self.checkpoint)
        module.load_state_dict(found)
        print_log(f"backbone: all {len(found)} weights from '{self.checkpoint}'", 'current')
