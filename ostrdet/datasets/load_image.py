"""Loading of an image that names the file that it can't read."""

from typing import Any

import cv2
from mmcv.transforms import LoadImageFromFile

from ostrdet.errors import InvalidValueError
from ostrdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """``mmcv.LoadImageFromFile`` whose errors name the file.

    Arguments, required keys and added keys as there.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Read ``results['img_path']`` into ``results['img']``, (H, W, 3), BGR.

        Raises:
            FileNotFoundError: If there is no such file.
            InvalidValueError: If the file is no readable image.
        """
        try:
            loaded: dict[str, Any] | None = super().transform(results)
        except (AssertionError, AttributeError, OSError, SyntaxError, cv2.error) as error:
            if getattr(error, 'errno', None) is not None:  # of the file system, not of pillow
                raise
            raise InvalidValueError(
                f"'{results['img_path']}' can't be read as an image: damaged or empty. Replace or "
                'delete it.'
            ) from error
        return loaded
