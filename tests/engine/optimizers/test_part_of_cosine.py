"""The part of a cosine: stages in a row are one cosine, by epoch and by iteration."""

from math import cos, pi
from typing import Any

import pytest
import torch

from ostrdet.engine.optimizers import PartOfCosineLR
from ostrdet.registry import PARAM_SCHEDULERS

LENGTHS = (3, 4, 5)


def rates(start: int, epochs: int, per_epoch: int = 1, **options: Any) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    cfg = {'type': 'ostrdet.PartOfCosineLR', 'T_max': sum(LENGTHS), 'start': start, 'eta_min': 0.1}
    built = PARAM_SCHEDULERS.build({**cfg, 'end': epochs, 'optimizer': optimizer, **options})
    found = []
    for _ in range(epochs * per_epoch):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        built.step()
    return found


@pytest.mark.parametrize('per_epoch', [1, 4])
def test_stages_in_a_row_are_one_cosine(per_epoch: int) -> None:
    by_iteration = {'by_epoch': True, 'convert_to_iter_based': True, 'epoch_length': per_epoch}
    options = by_iteration if per_epoch > 1 else {}
    found = [
        rate
        for index, epochs in enumerate(LENGTHS)
        for rate in rates(sum(LENGTHS[:index]), epochs, per_epoch, **options)
    ]
    total = sum(LENGTHS) * per_epoch
    expected = [0.1 + 0.4 * (1 + cos(pi * step / total)) / 2 for step in range(total)]
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize('start', [-1, 12])
def test_a_start_outside_of_the_cosine_is_refused(start: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    with pytest.raises(ValueError, match=rf'expected start in \[0, T_max=12\), got start={start}'):
        PartOfCosineLR(optimizer, T_max=12, start=start)
