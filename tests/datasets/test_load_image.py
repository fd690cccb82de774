"""An image that can't be read is named, whatever decodes it."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ostrdet.datasets import LoadImage

BACKENDS = ('cv2', 'pillow')


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    path = tmp_path / 'image.jpg'
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize('backend', BACKENDS)
def test_images_are_bgr(jpeg: Path, backend: str) -> None:
    expected = np.array(Image.open(jpeg))[..., ::-1]
    results = LoadImage(imdecode_backend=backend)({'img_path': str(jpeg)})
    assert results is not None
    assert np.array_equal(results['img'], expected)
    assert (results['img_shape'], results['ori_shape']) == ((40, 50), (40, 50))


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('content', [b'', b'text', b'\x89PNG\r\n\x1a\n' + b'\0' * 40])
def test_what_is_no_image_is_named(jpeg: Path, backend: str, content: bytes) -> None:
    jpeg.write_bytes(content)
    message = f"'{re.escape(str(jpeg))}' can't be read as an image: damaged or empty"
    with pytest.raises(ValueError, match=message):
        LoadImage(imdecode_backend=backend)({'img_path': str(jpeg)})


def test_half_an_image_is_named(jpeg: Path) -> None:
    jpeg.write_bytes(jpeg.read_bytes()[:900])
    with pytest.raises(ValueError, match=r"image\.jpg' can't be read as an image"):
        LoadImage(imdecode_backend='pillow')({'img_path': str(jpeg)})


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_missing_file_stays_one(tmp_path: Path, backend: str) -> None:
    with pytest.raises(FileNotFoundError, match=r'no\.jpg'):
        LoadImage(imdecode_backend=backend)({'img_path': str(tmp_path / 'no.jpg')})
