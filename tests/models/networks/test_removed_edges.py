"""An edge without an active candidate is not there, channels that pass it by included."""

from typing import Any

import pytest
import torch
from torch import nn

from ostrdet.models.networks import Supernet
from ostrdet.models.weightings import MixWeights
from ostrdet.spaces import DARTSSpace

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize(
    'mixed_op', [{'type': 'MixedOp'}, {'type': 'PartialChannelMixedOp', 'k': 2}]
)
@pytest.mark.parametrize('engine', ['plain', 'fast'])
def test_a_removed_edge_adds_nothing(mixed_op: dict[str, Any], engine: str) -> None:
    net = Supernet(DARTSSpace(num_nodes=2), 4, 3, 3, mixed_op=mixed_op, engine=engine)
    images = torch.randn(4, 3, 8, 8)
    weights_EO = torch.rand(5, len(net.space.ops))
    active_EO = torch.ones_like(weights_EO).bool()
    weights_EO[3], active_EO[3] = 0, False
    mix = dict.fromkeys(net.space.cells, MixWeights(weights_EO, active=active_EO))
    found = net(images, mix)

    class Nothing(nn.Module):
        def forward(self, x: torch.Tensor, *_: Any) -> torch.Tensor:
            return x.new_zeros(())

    plain = Supernet(net.space, 4, 3, 3, mixed_op=mixed_op, engine='plain')
    plain.load_state_dict(net.state_dict())
    for cell in plain.skeleton.layers:
        cell.edges[3] = Nothing()
    all_active = dict.fromkeys(net.space.cells, MixWeights(weights_EO))
    torch.testing.assert_close(found, plain(images, all_active))
