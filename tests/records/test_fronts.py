"""Fronts on the disk."""

from pathlib import Path

import pytest

from ostrdet.errors import InvalidValueError
from ostrdet.records.fronts import read_front, read_fronts, selected_front, write_front
from ostrdet.structures.budget_front import FrontPoint

POINTS = [
    FrontPoint('macs', 60_000_000, 54_968_961, 1.25, 0.625, '|none~0|'),
    FrontPoint('latency', 0.3, 0.1 + 0.2, 2.0, 1.0, 'Genotype(normal=[("a", 0)], reduce=[])'),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_front(tmp_path / 'front.csv', POINTS)
    write_front(selected_front(tmp_path, 'Magnitude'), POINTS[:1])
    assert '60000000,54968961,1.25' in (tmp_path / 'front.csv').read_text('utf-8')
    assert read_fronts(tmp_path) == {'': POINTS, 'Magnitude': POINTS[:1]}
    assert read_fronts(tmp_path / 'selected') == {}


@pytest.mark.parametrize('line', ['macs,1,x,1,1,a', 'macs,1', 'macs'])
def test_damage_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    write_front(tmp_path / 'front.csv', POINTS)
    with (tmp_path / 'front.csv').open('a', encoding='utf-8') as file:
        file.write(line + '\n')
    with pytest.raises(InvalidValueError, match='line 4: expected unit, budget, cost'):
        read_front(tmp_path / 'front.csv')
