"""The kernels that mmcv's wrappers call, from torchvision and plain torch, on the CPU and on CUDA.

Signatures are those of the compiled ``mmcv._ext``: what it fills in place is filled in place here.
"""

from typing import Any

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor

NAIVE, LINEAR, GAUSSIAN = range(3)
MAX_POOL = 0


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Indices of the boxes that no better box covers, best first; among equal scores the first.

    Args:
        boxes: Corners x1, y1, x2, y2, shape (N, 4).
        scores: Shape (N,).
        iou_threshold: A box goes if its IoU with a better one is *above* it.
        offset: Width is ``x2 - x1 + offset``; 0 or 1.

    Returns:
        Shape (K,), int64.
    """
    dtype = _at_least_float32(boxes, scores)
    boxes = boxes.to(dtype)
    corners = boxes if not offset else boxes + boxes.new_tensor([0, 0, offset, offset])
    # mmcv compares in single precision, where 0.3 is a little more than torchvision's 0.3
    threshold = torch.tensor(iou_threshold, dtype=torch.float32).item()
    return torchvision.ops.nms(corners, scores.to(dtype), threshold)


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Soft-NMS (Bodla et al., ICCV 2017): boxes lose score instead of being dropped.

    The best box of all is kept whatever its score; among equal scores the first comes first.

    Args:
        boxes: Corners x1, y1, x2, y2, shape (N, 4).
        scores: Shape (N,).
        dets: Filled with the kept boxes and their new scores, shape (N, 5).
        iou_threshold: From this IoU on a box loses score; not used by the Gaussian.
        sigma: Variance of the Gaussian.
        min_score: Boxes that fall below it are dropped.
        method: 0 to drop, 1 for ``1 - IoU``, 2 for a Gaussian.
        offset: Width is ``x2 - x1 + offset``; 0 or 1.

    Returns:
        Indices of the kept boxes, shape (K,), int64.
    """
    left, scores = torch.arange(len(boxes), device=boxes.device), scores.clone()
    kept: list[Tensor] = []
    while len(left):
        best = left[scores[left].argmax()]
        dets[len(kept), :4], dets[len(kept), 4] = boxes[best], scores[best]
        kept.append(best)
        left = left[left != best]
        overlaps = _overlaps(boxes[best], boxes[left], offset)
        scores[left] *= _decay(overlaps, iou_threshold, sigma, method).to(scores.dtype)
        left = left[~(scores[left] < min_score)]
    return torch.stack(kept) if kept else left


def _overlaps(box: Tensor, others: Tensor, offset: int) -> Tensor:
    """IoU of a box (4,) with others (N, 4); 0 where neither has an area."""
    size = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])) + offset
    inner = size.clamp(min=0).prod(dim=1)
    areas = (others[:, 2:] - others[:, :2] + offset).prod(dim=1)
    return (inner / ((box[2:] - box[:2] + offset).prod() + areas - inner)).nan_to_num(0.0)


def _decay(overlaps: Tensor, iou_threshold: float, sigma: float, method: int) -> Tensor:
    if method == GAUSSIAN:
        return torch.exp(-(overlaps**2) / sigma)
    weakened = torch.zeros_like(overlaps) if method == NAIVE else 1 - overlaps
    return torch.where(overlaps >= iou_threshold, weakened, 1.0)


def sigmoid_focal_loss_forward(
    input: Tensor,  # noqa: A002 (mmcv's name)
    target: Tensor,
    weight: Tensor,
    output: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    r"""Focal loss (Lin et al., ICCV 2017): :math:`-\alpha_t (1 - p_t)^\gamma \log p_t`.

    Args:
        input: Logits, shape (N, C).
        target: Classes, shape (N,); C stands for the background.
        weight: Weight of each class, shape (C,), or empty.
        output: Filled with the losses, shape (N, C).
        gamma: Exponent.
        alpha: Weight of the class of the target, and one minus that of all others.
    """
    sign, scale, log_p = _focal_terms(input, target, weight, alpha)
    output.copy_(-scale * F.logsigmoid(-sign * input.to(log_p)).exp() ** gamma * log_p)


def sigmoid_focal_loss_backward(
    input: Tensor,  # noqa: A002 (mmcv's name)
    target: Tensor,
    weight: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    r"""The derivative of the focal loss by the logits.

    With :math:`s = \pm 1` for the class of the target and the others and :math:`p = \sigma(s x)`
    it is :math:`\alpha_t s (1 - p)^\gamma (\gamma p \log p + p - 1)`.

    Args:
        input: Logits, shape (N, C).
        target: Classes, shape (N,); C stands for the background.
        weight: Weight of each class, shape (C,), or empty.
        grad_input: Filled with the derivatives, shape (N, C).
        gamma: Exponent.
        alpha: As in the forward pass.
    """
    sign, scale, log_p = _focal_terms(input, target, weight, alpha)
    p, rest = log_p.exp(), torch.sigmoid(-sign * input.to(log_p))
    grad_input.copy_(scale * sign * rest**gamma * (gamma * p * log_p - rest))


def _focal_terms(
    logits: Tensor, target: Tensor, weight: Tensor, alpha: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Sign, scale and logarithm of the probability of the truth, (N, C) each."""
    own = target[:, None] == torch.arange(logits.size(1), device=logits.device)
    logits = logits.to(_at_least_float32(logits))
    sign = own.to(logits) * 2 - 1
    scale = torch.where(own, logits.new_tensor(alpha), logits.new_tensor(1 - alpha))
    if weight.numel():
        scale = scale * weight.to(logits)[target, None]
    return sign, scale, F.logsigmoid(sign * logits)


def roi_align_forward(
    input: Tensor,  # noqa: A002 (mmcv's name)
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    **options: Any,
) -> None:
    """RoIAlign (He et al., ICCV 2017) with averages.

    Args:
        input: Features, shape (N, C, H, W).
        rois: Image index and corners, shape (K, 5).
        output: Filled with the features of the regions, shape (K, C, h, w).
        argmax_y: Not used by averages.
        argmax_x: Not used by averages.
        options: See ``_roi_align``.

    Raises:
        NotImplementedError: With ``pool_mode='max'``, which torchvision does not have.
    """
    output.copy_(_roi_align(input, rois, **options))


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    **options: Any,
) -> None:
    """The gradient of RoIAlign by the features.

    Args:
        grad_output: Shape (K, C, h, w).
        rois: Image index and corners, shape (K, 5).
        argmax_y: Not used by averages.
        argmax_x: Not used by averages.
        grad_input: Filled with the gradient, shape (N, C, H, W).
        options: See ``_roi_align``.
    """
    # Linear in the features, so the gradient is the same wherever it is taken
    features = torch.zeros_like(grad_input, requires_grad=True)
    with torch.enable_grad():
        pooled = _roi_align(features, rois, **options)
    (gradient,) = torch.autograd.grad(pooled, features, grad_output)
    grad_input.copy_(gradient)


def _roi_align(
    features: Tensor,
    rois: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> Tensor:
    if pool_mode == MAX_POOL:
        raise NotImplementedError(
            "mmcv's op 'roi_align' with pool_mode='max' is neither compiled here nor in torchvision; "
            "use pool_mode='avg'"
        )
    size = (aligned_height, aligned_width)
    return torchvision.ops.roi_align(
        features, rois.to(features), size, spatial_scale, sampling_ratio, aligned
    )


def _at_least_float32(*tensors: Tensor) -> torch.dtype:
    dtype = torch.float32
    for tensor in tensors:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype
