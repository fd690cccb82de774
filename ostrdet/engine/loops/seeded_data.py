"""Dataloaders and steps whose random numbers depend on what they are for, not on what came before."""

import itertools
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset, Compose
from mmengine.dist import get_rank, get_world_size
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ostrdet.datasets import SeededSubset, hash_seed, seed_generators
from ostrdet.datasets.annotations import annotation_errors
from ostrdet.datasets.loader import guarded
from ostrdet.errors import InvalidValueError
from ostrdet.registry import DATASETS

#: Streams of random numbers: the halves of a search (retraining has the first alone), and the steps.
WEIGHTS, ARCH, ITERATION, DRAWS = 0, 1, 2, 3


def build_dataset(cfg: Mapping[str, Any]) -> Any:
    """Build and read the data set of a dataloader's config; errors name its annotation file.

    Raises:
        FileNotFoundError, ValueError: If that file is missing, or no COCO JSON.
    """
    with annotation_errors(cfg):
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


def check_classes(labels: Sequence[int] | None, num_classes: int, key: str) -> None:
    """Check that there is a logit for every label.

    Args:
        labels: The label of every sample, if known.
        num_classes: Number of logits.
        key: Config key of that number, for the message.

    Raises:
        InvalidValueError: If there is not.
    """
    found = max(labels or [0]) + 1
    if found > num_classes:
        raise InvalidValueError(
            f'{key}={num_classes}, but train_dataloader.dataset has {found} classes; set it to '
            f'{found}'
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
        InvalidValueError: If the half holds less than one batch of every process.
    """
    processes = get_world_size()
    if cfg['batch_size'] * processes > len(indices_N):
        times = f' times {processes} processes' if processes > 1 else ''
        raise InvalidValueError(
            f'train_dataloader.batch_size={cfg["batch_size"]}{times} is larger than the '
            f'{len(indices_N)} samples of the half that trains the {name}; make it smaller, or '
            'raise train_cfg.portions'
        )
    return seeded_loader({'drop_last': True, **cfg}, dataset, indices_N, seed, half)


def seeded_loader(
    cfg: Mapping[str, Any], dataset: Any, indices_N: np.ndarray, seed: int, stream: int
) -> DataLoader:
    """A dataloader over some samples, in another order in each epoch.

    Order and augmentation depend on (seed, stream, epoch, sample) alone.

    Args:
        cfg: Config of the dataloader; its ``dataset`` and ``sampler`` are not used.
        dataset: The whole data set.
        indices_N: The samples.
        seed: Seed of the run.
        stream: Tells the loaders of one run apart.

    Raises:
        InvalidValueError: If the batch sampler can't begin within an epoch.
    """
    key = hash_seed(seed, stream) >> 1  # the generators take 63 bits
    loader = {
        **cfg,
        'dataset': SeededSubset(dataset, indices_N, key),
        'sampler': {'type': 'ostrdet.EpochSampler', 'shuffle': True, 'seed': key},
    }
    built = guarded(Runner.build_dataloader(loader, seed=seed))
    if built.batch_size is None and not hasattr(built.batch_sampler, 'set_epoch'):
        raise InvalidValueError(
            f"train_dataloader.batch_sampler.type='{cfg['batch_sampler']['type']}' can't begin within "
            "an epoch, as a resumed run must; use 'ostrdet.AspectRatioBatchSampler', or none"
        )
    return built


def begin_at(loader: DataLoader, epoch: int, start: int) -> None:
    """Let ``loader`` begin at batch ``start`` of ``epoch``, in the order of that epoch."""
    sampler: Any = loader.sampler
    batch_sampler: Any = loader.batch_sampler
    if loader.batch_size is None:  # torch has no batch size where the batches are made elsewhere
        batch_sampler.set_epoch(epoch, start)
    else:
        sampler.set_epoch(epoch, start * loader.batch_size)


def first_batches(loader: DataLoader, number: int, key: str = 'batches') -> list[Any]:
    """The first batches of epoch 0, the same in every call; no generator of the process draws.

    Args:
        loader: Of the architecture half.
        number: How many.
        key: What asks for so many, for the message.

    Raises:
        InvalidValueError: If there are fewer.
    """
    if not 1 <= number <= len(loader):
        raise InvalidValueError(
            f'{key} {number}: expected 1 to {len(loader)}, the batches of the half that trains the '
            'architecture'
        )
    with torch.random.fork_rng(devices=[]):
        begin_at(loader, epoch=0, start=0)
        return list(itertools.islice(iter(loader), number))


def seed_iteration(runner: Runner, iteration: int) -> None:
    """Seed all generators by (seed of the run, iteration, rank).

    A resumed run then draws what the uninterrupted one would have drawn; with worker processes or
    without, reading samples does not reach what the step draws.
    """
    keys = runner.seed, ITERATION, iteration, get_rank()
    seed_generators(*keys)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(hash_seed(*keys))
