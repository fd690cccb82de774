"""The names of the classes as a config tells them, without a look at the data."""

from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from ostrdet.structures.config_tree import innermost

LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')


def config_classes(cfg: Config) -> tuple[str, ...]:
    """The names of the classes of the data that a config is tested on, in the order of the labels.

    Args:
        cfg: A checked config.

    Returns:
        None where only the data tell, as the folders of classes do.
    """
    datasets = ((cfg.get(loader) or {}).get('dataset') for loader in LOADERS)
    dataset: Any = next((innermost(found) for found in datasets if found), {})
    given = (dataset.get('metainfo') or {}).get('classes') or dataset.get('classes')
    if given is None and 'type' in dataset:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'ostrdet'):
            given = getattr(DATASETS.get(dataset['type']), 'METAINFO', {}).get('classes')
    # A text is the name of a file
    return () if given is None or isinstance(given, str) else tuple(map(str, given))
