"""The dataloaders of the two halves of the training set."""

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, Compose
from mmengine.dist import get_world_size
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


def with_pipeline_of(
    cfg: Mapping[str, Any], dataset: Any, dataset_cfg: Mapping[str, Any]
) -> Any | None:
    """``dataset`` with the pipeline of another config, its samples shared and not read again.

    Args:
        cfg: Config of a dataloader.
        dataset: A data set that was built from ``dataset_cfg``.
        dataset_cfg: Its config.

    Returns:
        None if the two configs differ in more than the pipeline.
    """
    wanted, built = dict(cfg['dataset']), dict(dataset_cfg)
    pipeline = wanted.pop('pipeline', None)
    built.pop('pipeline', None)
    if wanted != built or pipeline is None or not isinstance(dataset, BaseDataset):
        return None
    twin = copy(dataset)
    twin.pipeline = Compose(deepcopy(pipeline))
    return twin


def check_classes(labels: Sequence[int] | None, supernet: Any) -> None:
    """Check that ``supernet`` has a logit for every label.

    Raises:
        ValueError: If it has not.
    """
    found = max(labels or [0]) + 1
    if found > supernet.num_classes:
        raise ValueError(
            f'model.supernet.num_classes={supernet.num_classes}, but train_dataloader.dataset has '
            f'{found} classes; set it to {found}'
        )


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
        ValueError: If the half holds less than one batch of every process.
    """
    processes = get_world_size()
    if cfg['batch_size'] * processes > len(indices_N):
        times = f' times {processes} processes' if processes > 1 else ''
        raise ValueError(
            f'train_dataloader.batch_size={cfg["batch_size"]}{times} is larger than the '
            f'{len(indices_N)} samples of the half that trains the {name}; make it smaller, or '
            'raise train_cfg.portions'
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
