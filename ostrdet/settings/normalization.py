"""How the images of a config are normalised before a network reads them."""

from collections.abc import Mapping
from typing import Any

KEYS = ('mean', 'std')


def normalization(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Mean and standard deviation that pixels are normalised by, in the tests of a config.

    The last step ``Normalize`` of the test pipeline tells them, else the ``data_preprocessor``.

    Args:
        cfg: A config.

    Returns:
        ``mean`` and ``std``, a number of 0 to 255 per channel, and ``to_rgb``, whether the channels
        are swapped before; empty where nothing is normalised.

    Examples:
        >>> normalization({'data_preprocessor': {'mean': (1, 2, 3), 'std': (4, 5, 6)}})
        {'mean': [1, 2, 3], 'std': [4, 5, 6], 'to_rgb': False}
    """
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    model = cfg.get('model') or {}
    places = [
        *(step for step in reversed(dataset.get('pipeline', ())) if _is_normalize(step)),
        model.get('data_preprocessor'),
        cfg.get('data_preprocessor'),
    ]
    found = next((place for place in places if place and place.get('mean') is not None), None)
    if found is None:
        return {}
    to_rgb = bool(found.get('to_rgb', found.get('bgr_to_rgb', False)))
    return {**{key: list(found[key]) for key in KEYS}, 'to_rgb': to_rgb}


def _is_normalize(step: Mapping[str, Any]) -> bool:
    return str(step.get('type')).rpartition('.')[2] == 'Normalize'
