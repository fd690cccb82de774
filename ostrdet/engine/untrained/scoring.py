"""What untrained networks are scored on: the size and the images of a config."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope

from ostrdet.datasets.seeding import hash_seed, seeded_permutation
from ostrdet.engine.loops.seeded_data import build_dataset
from ostrdet.evaluation.proxies import Batch
from ostrdet.evaluation.proxies.base import own_generators
from ostrdet.registry import MODELS
from ostrdet.structures import Layout

#: Stream of random numbers of the images.
IMAGES = 4


def scoring_layout(cfg: Any, image_size: int) -> Layout:
    """The size of ``model.supernet``, for derived networks.

    Args:
        cfg: A checked config of a search.
        image_size: Height and width of its images in pixels.
    """
    net = cfg.model.supernet
    stem = net.get('stem', 'CIFARStem')
    return Layout(stem, net.channels, net.num_cells, net.num_classes, image_size)


def scoring_batch(cfg: Any, number: int, seed: int) -> Batch:
    """Images of the training set as ``val_dataloader`` reads them, without augmentation, normalised.

    Without labels where an image has none.

    Args:
        cfg: A checked config of a search.
        number: Images at most.
        seed: Chooses them.
    """
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'ostrdet'):
        dataset = build_dataset(cfg.val_dataloader)
    chosen_N = seeded_permutation(len(dataset), seed, IMAGES)[:number]
    with own_generators(torch.device('cpu'), hash_seed(seed, IMAGES)):
        samples: Mapping[str, Any] = pseudo_collate([dataset[int(i)] for i in chosen_N])
    prepare = MODELS.build(dict(cfg.data_preprocessor))
    data = prepare(samples, training=False)
    images = data['inputs'].to(device)
    if not all('gt_label' in sample for sample in data['data_samples']):
        return Batch(images)
    labels_N = torch.cat([sample.gt_label for sample in data['data_samples']])
    return Batch(images, labels_N.to(device))


def noise_batch(image_size: int, number: int, seed: int) -> Batch:
    """Standard normal images without labels, shape (``number``, 3, ``image_size``, ``image_size``)."""
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    generator = torch.Generator().manual_seed(hash_seed(seed, IMAGES) >> 1)
    images = torch.randn(number, 3, image_size, image_size, generator=generator)
    return Batch(images.to(device))
