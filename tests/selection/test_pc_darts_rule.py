"""PC-DARTS' own rule from alpha and beta to a cell, written down anew from its paper's Section 3.3."""

import numpy as np
import pytest
import torch

from ostrdet.models.weightings import SoftmaxWeighting
from ostrdet.selection import Magnitude, discretize
from ostrdet.spaces import DARTSSpace
from ostrdet.structures import ArchState

SPACE = DARTSSpace()
NONE = SPACE.ops.index('none')
Cell = tuple[tuple[tuple[str, int], ...], ...]


def by_the_rule(p_EO: np.ndarray, weights_E: np.ndarray) -> Cell:
    """Each node keeps the two edges of the highest p times edge weight, `none` left out."""
    first, nodes = 0, []
    for num_inputs in range(2, 6):
        rows = slice(first, first + num_inputs)
        strengths_EO = p_EO[rows] * weights_E[rows, None]
        strengths_EO[:, NONE] = -1
        kept = np.argsort(-strengths_EO.max(axis=1), kind='stable')[:2]
        ops = strengths_EO.argmax(axis=1)
        nodes.append(tuple((SPACE.ops[ops[source]], int(source)) for source in sorted(kept)))
        first += num_inputs
    return tuple(nodes)


@pytest.mark.parametrize('scale', [1e-3, 0.1, 1.0])
def test_the_magnitude_follows_the_rule(scale: float) -> None:
    generator = torch.Generator().manual_seed(0)
    weighting, criterion, changed = SoftmaxWeighting(edge_norm=True), Magnitude(), 0
    spec = SPACE.cells['normal']
    for _ in range(1000):  # of two cells each
        alphas = {name: scale * torch.randn(14, 8, generator=generator) for name in SPACE.cells}
        betas = {name: scale * torch.randn(14, generator=generator) for name in SPACE.cells}
        mix = {name: weighting(alphas[name], betas[name], spec) for name in SPACE.cells}
        state = ArchState(
            alphas,
            {name: weights.op_weights for name, weights in mix.items()},
            {name: weights.edge_weights for name, weights in mix.items()},
        )
        genotype = discretize(
            SPACE, criterion.scores(state), state.edge_weights, criterion.tie_rtol
        )
        for name, cell in genotype.cells.items():
            p_EO, weights_E = (tensor.double().numpy() for tensor in mix[name][:2])
            assert cell.nodes == by_the_rule(p_EO, weights_E)
            changed += cell.nodes != by_the_rule(p_EO, np.ones(14))
    assert changed > 500  # the edge weights matter
