"""The dataloaders of the two halves of the training set."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ostrdet.datasets import SeededSubset, hash_seed
from ostrdet.registry import DATASETS


def build_dataset(cfg: Mapping[str, Any]) -> Any:
    """Build and read the data set of a dataloader's config."""
    dataset = DATASETS.build(deepcopy(cfg['dataset']))
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    return dataset


def build_half(
    cfg: Mapping[str, Any], dataset: Any, indices_N: np.ndarray, seed: int, half: int, name: str
) -> DataLoader:
    """A dataloader of full batches over one half, in another order in each epoch.

    Args:
        cfg: Config of the dataloader; its ``dataset`` is not used.
        dataset: The whole training set.
        indices_N: The samples of this half.
        seed: Seed of the run.
        half: Number of the half, so that the two are shuffled differently.
        name: What the half is for, for the message.

    Raises:
        ValueError: If the half holds less than one batch.
    """
    if cfg['batch_size'] > len(indices_N):
        raise ValueError(
            f'train_dataloader.batch_size={cfg["batch_size"]} is larger than the {len(indices_N)} '
            f'samples of the half that trains the {name}; make it smaller, or raise '
            'train_cfg.portions'
        )
    stream = hash_seed(seed, half) >> 1  # the generators take 63 bits
    loader = {
        'drop_last': True,
        **cfg,
        'dataset': SeededSubset(dataset, indices_N, stream),
        'sampler': {'type': 'EpochSampler', 'shuffle': True, 'seed': stream},
    }
    built: DataLoader = Runner.build_dataloader(loader, seed=seed)
    return built
