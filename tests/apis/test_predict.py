"""Predictions of classifiers: the classes of the network, a picture and a line of the table for each."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from ostrdet.commands.predict import main

Untrained = Callable[..., Any]
CIFAR10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding='utf-8', newline='') as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope='module')
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Digits of the test set as files, at the size that the network learnt, and one that is larger."""
    from sklearn.datasets import load_digits

    folder, found = tmp_path_factory.mktemp('images'), load_digits()
    paths = []
    for index in range(0, 60, 10):
        grey = np.rint(found.images[index] * (255 / 16)).astype(np.uint8)
        paths.append(folder / f'{index}.png')
        cv2.imwrite(str(paths[-1]), grey)
    cv2.imwrite(str(folder / 'large.png'), np.full((300, 260, 3), (200, 30, 30), np.uint8))
    return [*paths, folder / 'large.png']


def test_scores_are_those_of_the_network(
    trained: Any, images: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ostrdet.apis.load_model import load_trained

    capsys.readouterr()
    out = tmp_path / 'out'
    assert main([*map(str, trained), *map(str, images), '--out-dir', str(out)]) == 0
    said, err = capsys.readouterr()
    assert err == ''
    rows = read(out / 'predictions.csv')
    assert [row['image'] for row in rows] == [path.name for path in images for _ in range(5)]
    model = load_trained(*trained)[1]
    for index, (path, line) in enumerate(zip(images[:-1], said.splitlines(), strict=False)):
        grey = torch.from_numpy(cv2.imread(str(path))).permute(2, 0, 1).float()
        with torch.no_grad():
            scores = model((grey[None] - 78) / 94, mode='tensor').softmax(-1)[0]
        mine = rows[5 * index : 5 * index + 5]
        assert [int(row['class']) for row in mine] == scores.topk(5).indices.tolist()
        assert [float(row['score']) for row in mine] == pytest.approx(
            scores.topk(5).values.tolist(), abs=1e-5
        )
        assert line.startswith(
            f'{out / path.name}: {mine[0]["class"]} {float(mine[0]["score"]):.2f}, '
        )


def test_pictures_are_readable_and_large_ones_keep_their_size(
    trained: Any, images: list[Path], tmp_path: Path
) -> None:
    chosen = [images[0], images[-1]]
    assert main([*map(str, trained), *map(str, chosen), '--out-dir', str(tmp_path)]) == 0
    small, large = (cv2.imread(str(tmp_path / path.name)) for path in chosen)
    assert (small.shape, large.shape) == ((224, 224, 3), (300, 260, 3))
    differs = (large != np.array([200, 30, 30], np.uint8)).any(-1)
    assert differs.any()  # the text
    assert not differs[150:].any()


#: By config: how its images are normalised, and the part of a picture of 256 pixels that is read.
PREPARED = {
    'darts_c10': ([125.307, 122.95, 113.865], [62.993, 62.089, 66.705], slice(None)),
    'darts_in1k': ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375], slice(16, 240)),
}


@torch.no_grad()
@pytest.mark.parametrize(('name', 'size'), [('darts_c10', 32), ('darts_in1k', 256)])
def test_images_are_prepared_as_in_the_test(
    name: str, size: int, untrained: Untrained, tmp_path: Path
) -> None:
    from ostrdet.apis.load_model import load_trained
    from ostrdet.apis.predict import predict

    trained = untrained(name)
    image = np.random.default_rng(0).integers(0, 255, (size, size, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    (done,) = predict(*trained, [tmp_path / 'a.png'], out_dir=tmp_path / 'out')
    mean, std, part = PREPARED[name]
    rgb = torch.from_numpy(image[part, part, ::-1].copy()).permute(2, 0, 1).float()
    normalised = (rgb - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    scores = load_trained(*trained)[1](normalised[None], mode='tensor').softmax(-1)[0]
    expected = scores.topk(5)
    values = [score for _, score in done.found]
    assert values == pytest.approx(expected.values.tolist(), abs=1e-5)
    names = CIFAR10 if name == 'darts_c10' else list(map(str, range(10)))  # of ImageNet's 1000, 10
    assert [label for label, _ in done.found] == [names[i] for i in expected.indices]
    assert not done.of_boxes


def test_a_file_that_is_no_image_is_one_line(
    trained: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'a.png').write_text('no image', encoding='utf-8')
    argv = [*map(str, trained), str(tmp_path / 'a.png'), '--out-dir', str(tmp_path / 'out')]
    assert main(argv) == 2
    assert "a.png' can't be read as an image" in capsys.readouterr().err.splitlines()[-1]
