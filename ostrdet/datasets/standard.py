"""CIFAR and ImageNet of mmpretrain, with errors that say how to get the files.

Stock CIFAR downloads unless told not to, and takes a damaged file for a missing one; stock ImageNet
raises the bare ``FileNotFoundError`` of a folder.
"""

from pathlib import Path
from typing import Any

from mmpretrain import datasets
from mmpretrain.datasets.utils import check_md5

from ostrdet.datasets.missing_data import check_files, check_folder
from ostrdet.errors import DamagedFileError
from ostrdet.registry import DATASETS

IMAGENET_LAYOUT = (
    'Expected the images of ILSVRC 2012 (ILSVRC2012_img_train.tar, registration at image-net.org) '
    'as data_root/train/n01440764/*.JPEG and data_root/val/n01440764/*.JPEG.'
)


class LocalCIFAR(datasets.CIFAR10):
    """Base of the two CIFAR data sets: no download, and checks before anything is unpickled."""

    def __init__(self, data_root: str, split: str = 'train', **kwargs: Any) -> None:
        super().__init__(data_root=data_root, split=split, download=False, **kwargs)

    def _check_integrity(self) -> bool:
        files = dict([*self.train_list, *self.test_list])
        folder = Path(self.data_prefix['root']) / self.base_folder
        name = type(self).__name__
        check_files(folder, list(files), name, self._layout())
        for file, md5 in files.items():
            if md5 is not None and not check_md5(str(folder / file), md5):
                raise DamagedFileError(
                    f"{name}: '{folder / file}' is damaged, its MD5 sum is not {md5}. "
                    f'{self._layout()}'
                )
        return True

    def _layout(self) -> str:
        return f'Unpack {self.filename} ({self.url}) in data_root, which gives {self.base_folder}.'


@DATASETS.register_module()
class CIFAR10(LocalCIFAR):
    """``mmpretrain.CIFAR10``, RGB, from ``data_root/cifar-10-batches-py``.

    Args:
        data_root: Folder in which ``cifar-10-python.tar.gz`` was unpacked.
        split: 'train' or 'test'.
        kwargs: Arguments of ``mmpretrain.CIFAR10``, such as ``pipeline``.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        DamagedFileError: If the MD5 sum of a file is wrong.
    """


@DATASETS.register_module()
class CIFAR100(LocalCIFAR, datasets.CIFAR100):
    """``mmpretrain.CIFAR100``, RGB, from ``data_root/cifar-100-python``; as :class:`CIFAR10`."""


@DATASETS.register_module()
class ImageNet(datasets.ImageNet):
    """``mmpretrain.ImageNet``; BGR. Arguments as there, but all of them by keyword.

    Raises:
        FileNotFoundError: If the folder of the split does not exist.
        NotADirectoryError: If it is a file.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """One dict per image: ``img_path`` and ``gt_label``."""
        check_folder(self.img_prefix, 'ImageNet', IMAGENET_LAYOUT)
        found: list[dict[str, Any]] = super().load_data_list()
        return found
