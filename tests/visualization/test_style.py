"""The look of figures: colours that differ, and SVG that a page can colour."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from matplotlib.figure import Figure

from ostrdet.visualization.style import (
    DASHES,
    INK,
    PALETTE,
    inline_group,
    inline_svg,
    line_style,
    new_figure,
    save_figure,
    styled,
)


def example(ticks: tuple[float, ...] = (0.0, 1.0)) -> Figure:
    """One line; to be called within the style."""
    figure = new_figure(200, 150)
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], [0.123456, 0.5, 0.9], **line_style(1), marker='o')
    axes.set_yticks(ticks)
    axes.set_title('a < b', fontweight='bold')
    return figure


@pytest.fixture(scope='module')
def svg() -> str:
    with styled():
        return inline_svg(example(), 'an example')


def test_lines_differ_until_colours_and_dashes_are_used_up() -> None:
    number = len(PALETTE) * len(DASHES)
    looks = [tuple(line_style(index).values()) for index in range(number)]
    assert len(set(looks)) == number
    assert line_style(number) == line_style(0)
    assert all(a['color'] != b['color'] and a['linestyle'] != b['linestyle'] for a, b in pairs())


def pairs() -> list[tuple[dict[str, object], dict[str, object]]]:
    return list(itertools.pairwise(map(line_style, range(40))))


def test_text_stays_text_in_the_font_of_the_page(svg: str) -> None:
    assert 'a &lt; b' in svg
    assert 'font-family' not in svg
    assert re.search(r'<text style="[^"]*font-weight: 700', svg)


def test_colours_are_those_of_the_page(svg: str) -> None:
    assert 'stroke: var(--c-d55e00)' in svg
    assert 'fill: currentColor' in svg
    assert INK not in svg
    assert not re.search(r'#[0-9a-f]{6}\b', svg.replace('href="#', ''))


def test_ids_are_few_and_of_the_figure_alone(svg: str) -> None:
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids)) > 0
    assert {f'#{name}' for name in ids} == set(re.findall(r'href="([^"]+)"', svg))
    with styled():
        other = inline_svg(example(), 'another')
    assert not set(ids) & set(re.findall(r' id="([^"]+)"', other))


def test_coordinates_are_short_and_true() -> None:
    with styled():
        figure = example()
        (line,) = figure.axes[0].lines
        expected = line.get_transform().transform(line.get_xydata())
        svg = inline_svg(figure, 'x')
    path = next(
        p for p in ET.fromstring(svg).iter() if 'd55e00' in p.get('style', '') and p.get('d')
    )
    found = [float(number) for number in re.findall(r'[\d.]+', path.get('d', ''))]
    assert found == pytest.approx([v for x, y in expected for v in (x, 150 - y)], abs=0.051)
    assert max(len(number) for number in re.findall(r'\.(\d+)', path.get('d', ''))) == 1


def test_an_svg_has_its_size_and_says_what_it_shows(svg: str) -> None:
    root = ET.fromstring(svg)
    assert root.get('viewBox') == '0 0 200 150'
    assert (root.get('role'), root.get('aria-label')) == ('img', 'an example')
    assert root.get('style') == 'width:200px'
    assert {'width', 'height'}.isdisjoint(root.attrib)


def test_a_group_holds_what_the_svg_holds(svg: str) -> None:
    with styled():
        group = ET.fromstring(inline_group(example(), 'an example'))
    assert (group.tag.rpartition('}')[2], group.attrib) == ('g', {})
    assert list(map(ET.tostring, group)) == list(map(ET.tostring, ET.fromstring(svg)))


@pytest.mark.parametrize(
    ('suffix', 'start'),
    [('.svg', b'<?xml'), ('.png', b'\x89PNG'), ('.pdf', b'%PDF'), ('.PNG', b'\x89PNG')],
)
def test_equal_figures_are_equal_files(tmp_path: Path, suffix: str, start: bytes) -> None:
    files = [tmp_path / 'new' / f'{name}{suffix}' for name in 'ab']
    with styled():
        for file in files:
            save_figure(example(), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith(start)


def test_nothing_is_left_behind() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with styled():
        assert mpl.rcParams['svg.fonttype'] == 'none'
    assert dict(mpl.rcParams) == before
