"""Images cut into their tiles."""

import pytest
import torch

from ostrdet.kernels.tiles import split_tiles


@pytest.mark.parametrize('grid', [1, 2, 3])
@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
def test_tiles_come_row_by_row_of_every_image(grid: int, layout: torch.memory_format) -> None:
    images_NCHW = torch.randn(2, 3, 4 * grid, 5 * grid).contiguous(memory_format=layout)
    found = split_tiles(images_NCHW, grid)
    expected = [
        image[:, 4 * row : 4 * (row + 1), 5 * column : 5 * (column + 1)]
        for image in images_NCHW
        for row in range(grid)
        for column in range(grid)
    ]
    assert torch.equal(found, torch.stack(expected))
    assert found.is_contiguous(memory_format=layout)
