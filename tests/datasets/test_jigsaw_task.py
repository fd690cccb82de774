"""The jigsaw task: tiles that are standardised and shuffled, and a search that reads no labels."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.apis.search import build_search
from ostrdet.datasets import JigsawTask
from ostrdet.datasets.digits import Digits
from ostrdet.datasets.jigsaw_task import LUMA_BGR, permutations, standardized

JIGSAW = {'type': 'JigsawTask', 'grid': 2, 'tile': 3, 'labels': 6}
TILED = {
    'model.supernet.num_classes': 6,
    'model.supernet.tiles': 4,
    'train_cfg.max_epochs': 1,
}


def picture(*shape: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 256, shape, dtype=np.uint8)


def puzzled(config: Any) -> Any:
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.dataset.pipeline.insert(-1, JIGSAW)
    return config


def tiles_of(image: np.ndarray, grid: int) -> list[np.ndarray]:
    return [tile for row in np.split(image, grid) for tile in np.split(row, grid, axis=1)]


def test_the_orders_are_different_far_apart_and_always_the_same() -> None:
    found = permutations(9, 1000)
    assert found.shape == (1000, 9)
    assert len(np.unique(found, axis=0)) == 1000
    assert (np.sort(found, axis=1) == np.arange(9)).all()
    distances = (found[:, None] != found).sum(axis=-1) + 9 * np.eye(1000, dtype=int)
    assert distances.min() == 4  # any two differ in two places at least
    permutations.cache_clear()
    assert np.array_equal(permutations(9, 1000), found)
    assert not np.array_equal(permutations(9, 1000, seed=1), found)


@pytest.mark.parametrize('tiles', [2, 3, 4])
def test_all_orders_of_few_tiles_can_be_had(tiles: int) -> None:
    count = math.factorial(tiles)
    assert len(np.unique(permutations(tiles, count), axis=0)) == count


@pytest.mark.parametrize('shape', [(6, 6), (6, 6, 3), (7, 8, 3)])
def test_the_label_says_in_which_order_the_tiles_lie(shape: tuple[int, ...]) -> None:
    image, task = picture(*shape), JigsawTask(grid=2, tile=shape[0] // 2, labels=24, grey=0.0)
    height, width = shape[0] // 2, shape[1] // 2
    seen = set()
    for _ in range(60):
        found = task({'img': image, 'gt_label': 99})
        order = permutations(4, 24)[found['gt_label']]
        seen.add(found['gt_label'])
        for place, tile in zip(order, tiles_of(found['img'], 2), strict=True):
            y, x = place // 2 * height, place % 2 * width
            starts = range(x, x + width - task.tile + 1)
            cuts = [standardized(image[y : y + task.tile, x0 : x0 + task.tile]) for x0 in starts]
            assert any(np.array_equal(tile, cut) for cut in cuts)
    assert len(seen) > 12
    assert found['img'].dtype == np.float32
    assert found['img_shape'] == (2 * task.tile, 2 * task.tile)


def test_a_tile_has_mean_0_and_deviation_1_and_a_flat_one_is_0() -> None:
    image = picture(6, 6, 3)
    image[:3, :3] = 200
    found = JigsawTask(grid=2, tile=3, labels=2, grey=0.0)({'img': image})
    stds = sorted(float(tile.std()) for tile in tiles_of(found['img'], 2))
    assert stds == pytest.approx([0, 1, 1, 1], abs=1e-5)
    assert [float(tile.mean()) for tile in tiles_of(found['img'], 2)] == pytest.approx(
        [0] * 4, abs=1e-6
    )
    nearly = standardized(np.array([200.0, 200.0, 200.0, 201.0]))
    assert np.abs(nearly).max() == 0.75  # its noise does not become a picture


@pytest.mark.parametrize(('grey', 'expected'), [(0.0, 0), (1.0, 40), (0.5, 20)])
def test_images_turn_grey_so_often(grey: float, expected: int) -> None:
    np.random.seed(0)
    task, image = JigsawTask(grid=2, tile=3, labels=2, grey=grey), picture(6, 6, 3)
    found = [task({'img': image})['img'] for _ in range(40)]
    count = sum(bool((one == one[..., :1]).all()) for one in found)
    assert abs(count - expected) <= (8 if 0 < grey < 1 else 0)
    assert sum(LUMA_BGR) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ('keys', 'message'),
    [
        ({'grid': 4}, 'grid=4, expected 2 to 3'),
        ({'tile': 0}, 'tile=0, expected 1 to'),
        ({'grid': 2, 'labels': 25}, 'labels=25, expected 2 to 24'),
        ({'grey': 1.5}, r'grey=1\.5, expected 0 to 1'),
    ],
)
def test_numbers_out_of_range_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf'JigsawTask\.{message}'):
        JigsawTask(**keys)


def test_an_image_that_is_too_small_is_refused() -> None:
    with pytest.raises(
        ValueError, match='tile=64, but a cell of the image has 63 x 85 pixels; make'
    ):
        JigsawTask()({'img': picture(191, 255, 3)})


def test_a_search_needs_no_labels(
    tiny_config: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any) -> None:
        raise AssertionError('the labels of the data set were read')

    monkeypatch.setattr(Digits, 'get_gt_labels', refuse)
    runner = build_search(puzzled(tiny_config(TILED)), work_dir=tmp_path)
    (weights, _), *_ = runner.train_loop.pairs()
    assert weights['inputs'][0].shape == (3, 6, 6)
    assert {int(sample.gt_label) for sample in weights['data_samples']} <= set(range(6))
    runner.train()
    assert (tmp_path / 'genotype.json').is_file()
