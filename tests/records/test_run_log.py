"""Where a run stands, by its log."""

from pathlib import Path

import pytest

from ostrdet.records.run_log import last_standing

LINE = (
    '2026/01/02 03:04:05 - mmengine - INFO - Epoch(train) [{epoch}][{of}]  weights.lr: 2.5e-02  '
    'eta: {eta}  time: 0.1  data_time: 0.01  loss: 2.1\n'
)
NOISE = '2026/01/02 03:04:06 - mmengine - INFO - Epoch(val) [1][20/40]    eta: 0:00:09  time: 0.1\n'


@pytest.mark.parametrize(
    ('eta', 'told'), [('0:12:30', '0:12:30'), ('2 days, 1:00:00', '2 days, 1:00:00')]
)
def test_the_last_iteration_of_the_log_counts(tmp_path: Path, eta: str, told: str) -> None:
    lines = [
        LINE.format(epoch=1, of=' 50/400', eta='9:00:00'),
        LINE.format(epoch=12, of='100/400', eta=eta),
    ]
    (tmp_path / 'run.log').write_text(''.join([*lines, NOISE]), encoding='utf-8')
    assert last_standing(tmp_path) == (12, 100, 400, told)


def test_a_log_of_any_length_is_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / 'run.log'
    path.write_bytes(b'\xff' * 100_000 + LINE.format(epoch=3, of='7/9', eta='0:00:01').encode())
    assert last_standing(tmp_path) == (3, 7, 9, '0:00:01')


def test_without_an_iteration_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert last_standing(tmp_path) is None
    (tmp_path / 'run.log').write_text(NOISE, encoding='utf-8')
    assert last_standing(tmp_path) is None
