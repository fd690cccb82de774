"""RoIAlign through mmcv's wrapper, against its definition in plain loops."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]


def bilinear(image: Array, y: float, x: float) -> float:
    """The image between its pixels; 0 more than a pixel outside, and constant at the border."""
    height, width = image.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    y, x = (min(max(at, 0.0), size - 1) for at, size in ((y, height), (x, width)))
    top, left = math.floor(y), math.floor(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    dy, dx = y - top, x - left
    return float(
        (1 - dy) * ((1 - dx) * image[top, left] + dx * image[top, right])
        + dy * ((1 - dx) * image[bottom, left] + dx * image[bottom, right])
    )


def plain_roi_align(
    features: Array, rois: Array, size: int, scale: float, samples: int, aligned: bool
) -> Array:
    """The mean of samples x samples points in each of size x size bins."""
    pooled = np.zeros((len(rois), features.shape[1], size, size))
    for k, (batch, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (corner * scale - (0.5 if aligned else 0.0) for corner in corners)
        height, width = y2 - y1, x2 - x1
        if not aligned:
            height, width = max(height, 1.0), max(width, 1.0)
        rows = samples or math.ceil(height / size)
        columns = samples or math.ceil(width / size)
        for c, i, j in np.ndindex(features.shape[1], size, size):
            values = [
                bilinear(
                    features[int(batch), c],
                    y1 + (i + (r + 0.5) / rows) * height / size,
                    x1 + (j + (q + 0.5) / columns) * width / size,
                )
                for r in range(rows)
                for q in range(columns)
            ]
            pooled[k, c, i, j] = sum(values) / max(len(values), 1)
    return pooled


ROIS = [
    [0.0, 0.0, 0.0, 15.0, 11.0],
    [1.0, 3.3, 2.1, 9.7, 20.0],
    [0.0, -8.0, -6.0, 4.0, 5.0],
    [1.0, 5.0, 5.0, 5.0, 5.0],
    [0.0, 90.0, 90.0, 99.0, 95.0],
]


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('samples', [0, 2])
def test_roi_align(ops: Any, aligned: bool, samples: int) -> None:
    features = torch.randn(
        2, 2, 7, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(3)
    )
    rois = torch.tensor(ROIS, dtype=torch.float64)
    layer = ops.RoIAlign(3, spatial_scale=0.5, sampling_ratio=samples, aligned=aligned)
    expected = plain_roi_align(features.numpy(), rois.numpy(), 3, 0.5, samples, aligned)
    np.testing.assert_allclose(layer(features, rois), expected, atol=1e-12)
    assert layer(features, rois[:0]).shape == (0, 2, 3, 3)


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('samples', [0, 2])
def test_gradient_of_roi_align(ops: Any, aligned: bool, samples: int) -> None:
    features = torch.randn(2, 1, 5, 6, dtype=torch.float64).requires_grad_()
    rois = torch.tensor(ROIS[:4], dtype=torch.float64)
    layer = ops.RoIAlign(2, spatial_scale=0.4, sampling_ratio=samples, aligned=aligned)
    assert torch.autograd.gradcheck(lambda x: layer(x, rois), features)


def test_roi_align_with_maxima_says_that_it_is_not_there(ops: Any) -> None:
    layer = ops.RoIAlign(2, pool_mode='max')
    with pytest.raises(NotImplementedError, match="pool_mode='avg'"):
        layer(torch.zeros(1, 1, 4, 4), torch.zeros(1, 5))
