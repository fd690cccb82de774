"""Data sets that mmpretrain lacks, the split of the training set, and seeds per sample."""

from ostrdet.datasets.aspect_ratio_batches import AspectRatioBatchSampler
from ostrdet.datasets.bilevel_split import check_portions, split_indices
from ostrdet.datasets.crop_flip import PadCropFlip
from ostrdet.datasets.cutout import Cutout
from ostrdet.datasets.digits import Digits
from ostrdet.datasets.epoch_sampler import EpochSampler
from ostrdet.datasets.image_folder import ImageFolder
from ostrdet.datasets.image_preprocessor import ImagePreprocessor
from ostrdet.datasets.imagenet16 import ImageNet16
from ostrdet.datasets.jigsaw_task import JigsawTask
from ostrdet.datasets.load_image import LoadImage
from ostrdet.datasets.random_labels import RandomLabels
from ostrdet.datasets.rotation_task import RotationTask
from ostrdet.datasets.seeded_subset import SeededSubset, dataset_labels, labels_made
from ostrdet.datasets.seeding import hash_seed, seed_generators, seeded_permutation
from ostrdet.datasets.standard import CIFAR10, CIFAR100, ImageNet

__all__ = [
    'CIFAR10',
    'CIFAR100',
    'AspectRatioBatchSampler',
    'Cutout',
    'Digits',
    'EpochSampler',
    'ImageFolder',
    'ImageNet',
    'ImageNet16',
    'ImagePreprocessor',
    'JigsawTask',
    'LoadImage',
    'PadCropFlip',
    'RandomLabels',
    'RotationTask',
    'SeededSubset',
    'check_portions',
    'dataset_labels',
    'hash_seed',
    'labels_made',
    'seed_generators',
    'seeded_permutation',
    'split_indices',
]
