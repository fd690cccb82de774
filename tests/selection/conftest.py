"""What the tests of the criteria share: architecture steps with random numbers in them."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from ostrdet.structures import ArchState, ArchStep

MakeStep = Callable[[int], ArchStep]

SHAPES = {'normal': (5, 3), 'reduce': (2, 3)}
ESTIMATES = ('fisher', 'hutchinson')


def draw(generator: torch.Generator) -> Mapping[str, Tensor]:
    return {name: torch.randn(*shape, generator=generator) for name, shape in SHAPES.items()}


def pairs(generator: torch.Generator) -> Mapping[str, tuple[Tensor, Tensor]]:
    left, right = draw(generator), draw(generator)
    return {name: (left[name], right[name]) for name in SHAPES}


@pytest.fixture
def make_step() -> MakeStep:
    """Makes the architecture step of a seed: float32, two cell types of different size."""

    def make(seed: int) -> ArchStep:
        generator = torch.Generator().manual_seed(seed)
        alphas = draw(generator)
        op_weights = {name: alpha.softmax(dim=-1) for name, alpha in alphas.items()}
        state = ArchState(alphas, op_weights, dict.fromkeys(SHAPES))
        grads = {'alpha_grads': draw(generator), 'op_weight_grads': draw(generator)}
        return ArchStep(state, **grads, pairs={name: pairs(generator) for name in ESTIMATES})

    return make
