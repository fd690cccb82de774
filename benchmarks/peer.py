"""A search step by the classes of a checkout of quark0/darts, which are imported as they are.

They put every tensor on a GPU by ``.cuda()``. Where there is none, that is made to do nothing.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

#: Of the published search: rates, momentum and decay of the weights and of alpha.
LR, MOMENTUM, DECAY, CLIP = 0.025, 0.9, 3e-4, 5.0
ARGS = SimpleNamespace(
    momentum=MOMENTUM, weight_decay=DECAY, arch_learning_rate=3e-4, arch_weight_decay=1e-3
)
CHANNELS, CELLS, CLASSES = 16, 8, 10


def stays(self: Any, *_: object, **__: object) -> Any:
    """What ``.cuda()`` does without a GPU."""
    return self


def peer_steps(checkout: Path, size: int) -> dict[str, Callable[[], object]]:
    """Their step at first order, and that of the weights alone, on random images.

    Args:
        checkout: Folder of quark0/darts.
        size: Images of a minibatch of either half.

    Raises:
        SystemExit: If the folder is no such checkout.
    """
    if not (checkout / 'cnn' / 'architect.py').is_file():
        raise SystemExit(
            f"--peer '{checkout}': no cnn/architect.py, expected a checkout of quark0/darts"
        )
    if not torch.cuda.is_available():
        Tensor.cuda = nn.Module.cuda = stays  # type: ignore[method-assign]
    sys.path.insert(0, str(checkout / 'cnn'))
    networks, architects = (import_module(name) for name in ('model_search', 'architect'))
    torch.manual_seed(0)
    model = networks.Network(CHANNELS, CLASSES, CELLS, nn.CrossEntropyLoss().cuda()).cuda()
    architect = architects.Architect(model, ARGS)
    optimizer = torch.optim.SGD(model.parameters(), LR, momentum=MOMENTUM, weight_decay=DECAY)
    pairs = [
        (torch.randn(size, 3, 32, 32).cuda(), torch.arange(size).cuda() % CLASSES) for _ in range(2)
    ]

    def weights() -> None:
        optimizer.zero_grad()
        model._loss(*pairs[0]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()

    def step() -> None:
        architect.step(*pairs[0], *pairs[1], LR, optimizer, unrolled=False)
        weights()

    return {'step': step, 'weights': weights}
