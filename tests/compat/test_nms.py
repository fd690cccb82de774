"""Suppression through mmcv's wrappers, against its definition in plain loops."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.floating]
METHODS = ('naive', 'linear', 'gaussian')


def iou(a: Sequence[float], b: Sequence[float], offset: int) -> float:
    """Intersection over union; 0 where neither box has an area."""
    inner = 1.0
    for low, high in ((0, 2), (1, 3)):
        inner *= max(0.0, min(a[high], b[high]) - max(a[low], b[low]) + offset)
    areas = [(box[2] - box[0] + offset) * (box[3] - box[1] + offset) for box in (a, b)]
    union = sum(areas) - inner
    return inner / union if union else 0.0


def plain_nms(boxes: Array, scores: Array, threshold: float, offset: int) -> list[int]:
    """Greedy suppression, by score and then by index."""
    corners = boxes.tolist()
    order = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    kept: list[int] = []
    for i in order:
        if not any(iou(corners[i], corners[j], offset) > threshold for j in kept):
            kept.append(i)
    return kept


def plain_soft_nms(
    boxes: Array,
    scores: Array,
    threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    offset: int,
) -> tuple[list[int], list[float]]:
    """Indices and decayed scores, best first."""
    left = {i: float(score) for i, score in enumerate(scores)}
    kept: list[int] = []
    values: list[float] = []
    while left:
        best = min(left, key=lambda i: (-left[i], i))
        kept.append(best)
        values.append(left.pop(best))
        for i in list(left):
            overlap = iou(boxes[best], boxes[i], offset)
            if method == 'gaussian':
                left[i] *= math.exp(-overlap * overlap / sigma)
            elif overlap >= threshold:
                left[i] *= 0.0 if method == 'naive' else 1 - overlap
            if left[i] < min_score:
                del left[i]
    return kept, values


DEGENERATE = [
    [2.0, 2.0, 2.0, 5.0],
    [2.0, 2.0, 2.0, 5.0],
    [3.0, 1.0, 1.0, 4.0],
    [0.0, 0.0, 4.0, 4.0],
    [4.0, 4.0, 4.0, 4.0],
    [0.0, 0.0, 4.0, 4.0],
]


def random_boxes(num: int, seed: int, spread: float = 30.0) -> tuple[Tensor, Tensor]:
    """Boxes with many overlaps, on a grid so that ties and equal overlaps occur."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, int(spread), (num, 2), generator=generator).float()
    size = torch.randint(0, 16, (num, 2), generator=generator).float()
    scores = torch.randint(1, 40, (num,), generator=generator) / 40
    return torch.cat([corner, corner + size], dim=1), scores


CASES = {
    'none': (torch.zeros(0, 4), torch.zeros(0)),
    'one': (torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([0.1])),
    'degenerate': (torch.tensor(DEGENERATE), torch.tensor([0.9, 0.8, 0.7, 0.7, 0.7, 0.2])),
    'ties': (torch.tensor([[0.0, 0.0, 4.0, 4.0]] * 5), torch.full((5,), 0.5)),
    **{f'random {seed}': random_boxes(60, seed) for seed in range(4)},
}


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.5, 0.7, 1.0])
def test_nms(ops: Any, case: str, offset: int, threshold: float) -> None:
    boxes, scores = CASES[case]
    dets, kept = ops.nms(boxes, scores, threshold, offset=offset)
    assert kept.tolist() == plain_nms(boxes.numpy(), scores.numpy(), threshold, offset)
    assert torch.equal(dets, torch.cat([boxes[kept], scores[kept, None]], dim=1))


def test_nms_of_thousands(ops: Any) -> None:
    boxes, scores = random_boxes(2000, 5, spread=80)
    _, kept = ops.nms(boxes, scores, 0.5)
    assert kept.tolist() == plain_nms(boxes.numpy(), scores.numpy(), 0.5, 0)
    assert 100 < len(kept) < 2000


def test_nms_at_a_threshold_that_single_precision_rounds_up(ops: Any) -> None:
    """An overlap of 3 / 10 is not above 0.3, in single precision either."""
    boxes = torch.tensor([[0.0, 0.0, 10.0, 1.0], [0.0, 0.0, 3.0, 1.0]])
    assert ops.nms(boxes, torch.tensor([0.9, 0.8]), 0.3)[1].tolist() == [0, 1]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_nms_takes_the_precision_of_autocast(ops: Any, dtype: torch.dtype) -> None:
    boxes, scores = random_boxes(40, 6)
    expected = plain_nms(boxes.numpy(), scores.to(dtype).double().numpy(), 0.5, 0)
    assert ops.nms(boxes, scores.to(dtype), 0.5)[1].tolist() == expected


def test_nms_filters_by_score_and_number(ops: Any) -> None:
    boxes, scores = random_boxes(60, 7)
    certain = (scores > 0.4).nonzero().flatten().tolist()
    best = plain_nms(boxes.numpy()[certain], scores.numpy()[certain], 0.5, 0)
    _, kept = ops.nms(boxes, scores, 0.5, score_threshold=0.4, max_num=7)
    assert kept.tolist() == [certain[i] for i in best[:7]]


@pytest.mark.parametrize('split', [10000, 50])
def test_batched_nms_keeps_classes_apart(ops: Any, split: int) -> None:
    boxes, _ = random_boxes(200, 8)
    scores = torch.randperm(200, generator=torch.Generator().manual_seed(8)) / 200
    classes = torch.arange(200) % 7
    dets, kept = ops.batched_nms(
        boxes, scores, classes, {'type': 'nms', 'iou_threshold': 0.5, 'split_thr': split}
    )
    expected: list[int] = []
    for label in range(7):
        own = (classes == label).nonzero().flatten().tolist()
        found = plain_nms(boxes.numpy()[own], scores.numpy()[own], 0.5, 0)
        expected += [own[i] for i in found]
    assert kept.tolist() == sorted(expected, key=lambda i: -scores[i])
    assert torch.equal(dets[:, :4], boxes[kept])
    assert torch.equal(dets[:, 4], scores[kept])


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('method', METHODS)
def test_soft_nms(ops: Any, case: str, offset: int, method: str) -> None:
    boxes, scores = CASES[case]
    options = {'sigma': 0.5, 'min_score': 0.06, 'method': method, 'offset': offset}
    dets, kept = ops.soft_nms(boxes, scores, iou_threshold=0.35, **options)
    expected, values = plain_soft_nms(boxes.numpy(), scores.numpy(), 0.35, **options)
    assert kept.tolist() == expected
    assert torch.equal(dets[:, :4], boxes[kept])
    np.testing.assert_allclose(dets[:, 4], values, rtol=1e-5, atol=1e-7)


def test_soft_nms_keeps_the_best_box_whatever_its_score(ops: Any) -> None:
    boxes, scores = torch.tensor([[0.0, 0, 1, 1], [5.0, 5, 6, 6]]), torch.tensor([0.2, 0.1])
    dets, kept = ops.soft_nms(boxes, scores, min_score=0.5)
    assert kept.tolist() == [0]
    assert dets[0, 4] == scores[0]
