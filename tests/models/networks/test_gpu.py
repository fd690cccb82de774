"""A supernet on a GPU against the same one on the CPU: the loss and all its gradients."""

from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ostrdet.models.networks import Supernet
from ostrdet.models.networks.cell import FastCell
from ostrdet.models.weightings import MixWeights

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU'),
    pytest.mark.usefixtures('float64'),
]
SPACES = {
    'NAS-Bench-201': {'type': 'NASBench201Space'},
    'DARTS': {'type': 'DARTSSpace', 'num_nodes': 2},
}


@pytest.mark.parametrize('channels_last', [False, True])
@pytest.mark.parametrize('engine', ['plain', 'fast'])
@pytest.mark.parametrize('space', SPACES)
def test_loss_and_gradients_are_those_of_the_cpu(
    space: str, engine: str, channels_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FastCell, 'on_gpu', True)
    torch.manual_seed(0)
    net = Supernet(SPACES[space], channels=4, num_cells=3, num_classes=3, engine=engine)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    net.to(memory_format=layout)
    images = torch.randn(6, 3, 8, 8).contiguous(memory_format=layout)
    rows = {
        name: torch.rand(len(c.edges), len(net.space.ops)) for name, c in net.space.cells.items()
    }
    on_gpu = gradients(deepcopy(net).cuda(), images.cuda(), to_gpu(rows))
    torch.testing.assert_close(on_gpu, gradients(net, images, rows), rtol=1e-9, atol=1e-12)


def to_gpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.cuda() for name, tensor in tensors.items()}


def gradients(net: Any, images: Tensor, rows: dict[str, Tensor]) -> dict[str, Tensor]:
    leaves = {name: row.detach().requires_grad_() for name, row in rows.items()}
    labels = torch.arange(len(images), device=images.device) % 3
    loss = F.cross_entropy(net(images, {name: MixWeights(x) for name, x in leaves.items()}), labels)
    named = {**leaves, **dict(net.named_parameters())}
    found = torch.autograd.grad(
        loss, list(named.values()), allow_unused=True, materialize_grads=True
    )
    grads = dict(zip(named, (grad.cpu() for grad in found), strict=True))
    return {'loss': loss.detach().cpu(), **grads}
