"""Labels without labels: in which order the tiles of an image lie."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from ostrdet.errors import InvalidValueError
from ostrdet.registry import TRANSFORMS

#: Weights of blue, green and red in the brightness (ITU-R BT.601).
LUMA_BGR = (0.114, 0.587, 0.299)
#: Permutations that are drawn for each one that is chosen.
POOL = 10
#: A tile that varies by less than a level of 255 is as good as flat.
LEAST_STD = 1.0


@lru_cache(maxsize=8)
def permutations(tiles: int, count: int, seed: int = 0) -> np.ndarray:
    """Orders of tiles that differ in many places.

    Each is the one of a random pool whose least Hamming distance to those before is the greatest.

    Args:
        tiles: What is ordered.
        count: How many, at most the factorial of ``tiles``.
        seed: Of the pool.

    Returns:
        Different permutations, the first is the identity. Shape (count, tiles).

    Examples:
        >>> permutations(3, 2).tolist()[0]
        [0, 1, 2]
    """
    random, wanted = np.random.default_rng(seed), min(POOL * count, math.factorial(tiles))
    pool = {tuple(range(tiles)): None}
    while len(pool) < wanted:
        pool[tuple(random.permutation(tiles).tolist())] = None
    candidates = np.array(list(pool), dtype=np.int64)
    chosen, distance = [0], np.full(len(candidates), tiles + 1)
    for _ in range(count - 1):
        distance = np.minimum(distance, (candidates != candidates[chosen[-1]]).sum(axis=1))
        chosen.append(int(distance.argmax()))
    found: np.ndarray = candidates[chosen]
    return found


@TRANSFORMS.register_module()
class JigsawTask(BaseTransform):
    """Cut a tile out of every cell of a grid and shuffle them; the label says in which of N orders.

    The task of UnNAS (Liu et al., ECCV 2020). The tiles lie on one image, row by row, and each has mean
    0 and standard deviation 1 over its pixels and colours; a flat one is 0. ``model.supernet.tiles`` takes
    them apart again. Where a tile lies in its cell is random, and so is whether the image turns grey. The
    orders are our own. Whatever label the sample had is replaced.

    Required and modified key: ``img``, shape (H, W, 3) or (H, W); set keys: ``gt_label``, ``img_shape``.

    Args:
        grid: Cells along a side.
        tile: Side of a tile in pixels, at most that of a cell.
        labels: N.
        grey: Probability that the image turns grey.
        seed: Of the N orders.

    Attributes:
        num_labels: Number of labels that the transform makes.

    Raises:
        InvalidValueError: If a number is out of its range, or the image is too small.
    """

    def __init__(
        self, grid: int = 3, tile: int = 64, labels: int = 1000, grey: float = 0.3, seed: int = 0
    ) -> None:
        most = math.factorial(grid**2)
        ranges = {'grid': (grid, 2, 3), 'tile': (tile, 1, math.inf), 'labels': (labels, 2, most)}
        for key, (value, low, high) in {**ranges, 'grey': (grey, 0, 1)}.items():
            if not low <= value <= high:
                raise InvalidValueError(f'JigsawTask.{key}={value}, expected {low} to {high}')
        self.grid, self.tile, self.grey = grid, tile, grey
        self.num_labels, self.seed = labels, seed

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``results['img']`` and ``results['gt_label']``."""
        image = results['img'].astype(np.float32)
        if image.ndim == 3 and np.random.rand() < self.grey:
            image = np.repeat((image @ np.array(LUMA_BGR, np.float32))[..., None], 3, axis=-1)
        label = int(np.random.randint(self.num_labels))
        tiles, order = self._tiles(image), self._order(label)
        rows = [order[row : row + self.grid] for row in range(0, len(order), self.grid)]
        mosaic = np.concatenate([np.concatenate([tiles[i] for i in row], axis=1) for row in rows])
        results |= {'img': mosaic, 'gt_label': label, 'img_shape': mosaic.shape[:2]}
        return results

    def _order(self, label: int) -> list[int]:
        order: list[int] = permutations(self.grid**2, self.num_labels, self.seed)[label].tolist()
        return order

    def _tiles(self, image: np.ndarray) -> list[np.ndarray]:
        """A tile from every cell, standardised; shape (tile, tile, ...) each."""
        height, width = (side // self.grid for side in image.shape[:2])
        if min(height, width) < self.tile:
            raise InvalidValueError(
                f'JigsawTask.tile={self.tile}, but a cell of the image has {height} x {width} pixels; '
                'make the tile smaller, or the image larger'
            )
        tiles = []
        for cell in range(self.grid**2):
            y = cell // self.grid * height + np.random.randint(height - self.tile + 1)
            x = cell % self.grid * width + np.random.randint(width - self.tile + 1)
            tiles.append(standardized(image[y : y + self.tile, x : x + self.tile]))
        return tiles


def standardized(tile: np.ndarray) -> np.ndarray:
    """``tile`` with mean 0 and standard deviation 1; what varies by less than a level stays as small.

    Args:
        tile: Levels from 0 to 255, any shape.
    """
    shifted = tile - tile.mean(dtype=np.float64)
    found: np.ndarray = (shifted / max(float(shifted.std()), LEAST_STD)).astype(np.float32)
    return found
