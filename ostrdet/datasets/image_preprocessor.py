"""Batches of images for a supernet; unlike mmpretrain's own, without its whole zoo of models."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor, stack_batch
from mmpretrain.structures import DataSample, cat_batch_labels, tensor_split
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import MODELS


@MODELS.register_module()
class ImagePreprocessor(BaseDataPreprocessor):
    """Moves images and labels to the device of the model, and normalises the images.

    It does what ``mmpretrain.ClsDataPreprocessor`` does with the same arguments, to the bit. That one
    also mixes images and labels of a batch; it can stand in a config too, but its import takes
    seconds, as it brings all models of mmpretrain and mmdet.

    Args:
        mean: Mean of the pixels of each channel, in 0 to 255; None leaves them as they are.
        std: Standard deviation of the same, more than 0.
        to_rgb: Whether to turn BGR into RGB, before anything else.

    Raises:
        InvalidValueError: If only one of ``mean`` and ``std`` is given, or they are unequal in number.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        to_rgb: bool = False,
    ) -> None:
        super().__init__()
        if len(mean or ()) != len(std or ()):
            raise InvalidValueError(
                f'model.data_preprocessor: mean={mean!r} and std={std!r}, expected a number of each '
                'per channel, or neither'
            )
        self.to_rgb, self.normalizes = to_rgb, mean is not None
        for name, values in {'mean': mean or (), 'std': std or ()}.items():
            self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)

    def forward(self, data: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """A batch as a model takes it.

        Args:
            data: ``inputs``, images (3, H, W) in a list, or (N, 3, H, W); ``data_samples``, one
                ``DataSample`` each, or None. Labels in them are moved to the device.
            training: Without effect.

        Returns:
            ``inputs``, float32 (N, 3, H, W), smaller images padded by 0; ``data_samples``.
        """
        inputs, samples = self.cast_data(data['inputs']), data.get('data_samples')
        if not isinstance(inputs, Tensor) and len({image.shape for image in inputs}) == 1:
            inputs = torch.stack(list(inputs))
        if isinstance(inputs, Tensor):
            images = self._normalized(inputs)
        else:
            images = stack_batch([self._normalized(image) for image in inputs])
        _move_labels(samples or (), self.device)
        return {'inputs': images, 'data_samples': samples}

    def _normalized(self, images: Tensor) -> Tensor:
        """Of shape (..., C, H, W), as given."""
        if self.to_rgb and images.shape[-3] == 3:
            images = images.flip(-3)
        images = images.float()
        return (images - self.mean) / self.std if self.normalizes else images


def _move_labels(samples: Sequence[DataSample], device: torch.device) -> None:
    """In one piece: a copy per image would wait for a GPU as often."""
    if not samples or 'gt_label' not in samples[0]:
        return
    labels, where = cat_batch_labels([sample.gt_label for sample in samples])
    for sample, label in zip(samples, tensor_split(labels.to(device), where), strict=True):
        sample.set_gt_label(label)
