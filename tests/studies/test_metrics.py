"""Scalars of a training, read from logs that crashes may have damaged."""

from pathlib import Path

import pytest

from ostrdet.studies.metrics import ACCURACY, last_scalar

GOOD = b'{"accuracy/top1": 12.5, "step": 1}'


@pytest.mark.parametrize(
    'damaged',
    [b'{"accuracy/to', b'\xff\xfe', b'[' * 100_000, b'[1]', b'7', b'{"accuracy/top1": "much"}'],
    ids=['torn', 'no text', 'deep', 'list', 'number', 'word'],
)
def test_a_damaged_line_has_no_value(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / 'run' / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_bytes(b'\n'.join((damaged, GOOD, damaged)))
    assert last_scalar(tmp_path, ACCURACY) == 12.5
    assert last_scalar(tmp_path, 'another') is None
