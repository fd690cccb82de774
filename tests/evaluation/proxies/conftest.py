"""What the tests of the scores share: vectors worked out in double precision, and a small network."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies import Batch
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype, Layout

NB201 = build_space({'type': 'NASBench201Space'})
#: A small size of the space, 3 classes.
SMALL = Layout('CIFARStem', 4, 1, 3, 8)
CELL = '|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|nor_conv_1x1~1|skip_connect~2|'
#: Nothing reaches the output.
CUT_OFF = '|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|'


@pytest.fixture(scope='session')
def vectors(repo_root: Path) -> Any:
    text = (repo_root / 'tests' / 'data' / 'proxy_vectors.json').read_text(encoding='utf-8')
    return json.loads(text)


class TwoLayers(nn.Sequential):
    """Two 1x1 convolutions with a ReLU between, and the mean over the pixels."""

    def __init__(self, first: Tensor, second: Tensor) -> None:
        convs = [nn.Conv2d(w.shape[1], w.shape[0], 1, bias=False) for w in (first, second)]
        for conv, weight in zip(convs, (first, second), strict=True):
            conv.weight = nn.Parameter(weight[:, :, None, None])
        super().__init__(convs[0], nn.ReLU(), convs[1], nn.AdaptiveAvgPool2d(1), nn.Flatten())


@pytest.fixture
def two_layers(vectors: Any, float64: None) -> tuple[nn.Module, Batch]:
    """The network and the batch of the vectors."""
    found = vectors['zero_cost']
    network = TwoLayers(torch.tensor(found['W1']), torch.tensor(found['W2']))
    return network, Batch(torch.tensor(found['x']), torch.tensor(found['y']))


@pytest.fixture
def batch() -> Batch:
    """Twelve images of noise, 8x8 pixels, and their labels."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(12, 3, 8, 8, generator=generator)
    return Batch(images, torch.arange(12) % 3)


@pytest.fixture
def cell() -> Genotype:
    return NB201.parse(CELL)
