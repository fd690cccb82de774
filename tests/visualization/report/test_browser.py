"""The report page in a browser: nothing is fetched, nothing fails, and every figure can be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ostrdet.visualization.report.report import report_of
from ostrdet.visualization.study_page import RunEntry, StudyPage, render_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESKTOP, PHONE = 1280, 390
SIZES = """() => [...document.querySelectorAll('figure svg')].map(svg => {
  const box = svg.getBoundingClientRect();
  const drawn = svg.getBBox();
  return [svg.getAttribute('aria-label'), box.width, box.height, drawn.width, drawn.height];
})"""
#: Size on the screen of the smallest text in every figure: its own, times how the figure is scaled.
SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll('figure svg')].flatMap(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize) * scale);
}))"""
#: Contrast of text and ground by the formula of WCAG 2, for the page and the words of figures.
CONTRAST = """() => {
  const rgb = css => css.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = css => rgb(css).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = light(getComputedStyle(document.querySelector('section')).backgroundColor);
  const inks = [...document.querySelectorAll('figure svg text')].map(t => getComputedStyle(t).fill);
  inks.push(...[...document.querySelectorAll('p, figcaption span')].map(p => getComputedStyle(p).color));
  return Math.min(...[...new Set(inks)].map(light)
    .map(ink => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)));
}"""


@pytest.fixture(scope='module', params=['DARTSSpace', 'NASBench201Space'])
def report(request: Any, make_work_dir: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp('report') / 'report.html'
    file.write_text(report_of(make_work_dir(request.param, 6)), encoding='utf-8')
    return file


class Visit:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, page: 'Page', url: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on('request', lambda request: self.requests.append(request.url))
        page.on('console', lambda message: self.complaints.append(message.text))
        page.on('pageerror', lambda error: self.complaints.append(str(error)))
        page.goto(url)


@pytest.fixture(params=[(DESKTOP, 'light'), (PHONE, 'light'), (DESKTOP, 'dark'), (PHONE, 'dark')])
def visit(request: Any, browser: 'Browser', report: Path) -> Iterator[Visit]:
    width, scheme = request.param
    context = browser.new_context(viewport={'width': width, 'height': 800}, color_scheme=scheme)
    yield Visit(context.new_page(), report.as_uri())
    context.close()


def test_the_page_can_be_read(visit: Visit, report: Path) -> None:
    page = visit.page
    page.evaluate('document.querySelectorAll("details").forEach(fold => fold.open = true)')
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    sizes = page.evaluate(SIZES)
    assert len(sizes) > 30
    assert not [found for found in sizes if not all(size > 5 for size in found[1:])]
    assert page.evaluate(SMALLEST_TEXT) >= 7
    assert page.evaluate(CONTRAST) >= 4.5
    outside = [url for url in visit.requests if not url.startswith('data:')]
    assert outside == [report.as_uri()]
    assert visit.complaints == []


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study whose groups have long names, and one of which is incomplete."""
    groups = ('ostr_pc-darts_c10-folder, second-order', 'b')
    title = 'supernet accuracy (%)'
    page = StudyPage(
        'study',
        'seeds: [0, 1]',
        [{'config': name, title: '91.00 ± 1.00†', 'n': '2 of 3'} for name in groups],
        '† Mean over fewer runs than planned.',
        {title: {groups[0]: [90.0, 92.0], groups[1]: [91.0]}},
        {title: {name: np.array([[80.0, 90.0], [82.0, 92.0]]) for name in groups}},
        [
            RunEntry('a_s0', 'done', '', 'a_s0/report.html', {'X': '|none~0|' * 40, 'Y': '|a~0|'}),
            RunEntry('a', 'failed', 'x'),
        ],
        [{f'against {groups[0]}': groups[1], title: '+1.00 ± 2.00, better in 1 of 2, equal in 1'}],
    )
    file = tmp_path / 'study.html'
    file.write_text(render_study(page), encoding='utf-8')
    return file


@pytest.mark.parametrize(('width', 'scheme'), [(DESKTOP, 'light'), (PHONE, 'dark')])
def test_the_page_of_a_study_can_be_read(
    browser: 'Browser', study: Path, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={'width': width, 'height': 800}, color_scheme=scheme)
    visit = Visit(context.new_page(), study.as_uri())
    assert visit.page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    sizes = visit.page.evaluate(SIZES)
    assert [found[0] for found in sizes] == [
        'All runs: supernet accuracy (%)',
        'Means: supernet accuracy (%)',
    ]
    assert not [found for found in sizes if not all(size > 5 for size in found[1:])]
    assert visit.page.evaluate(SMALLEST_TEXT) >= 7
    assert visit.page.evaluate(CONTRAST) >= 4.5
    assert [url for url in visit.requests if not url.startswith('data:')] == [study.as_uri()]
    assert visit.complaints == []
    context.close()


def test_axes_of_panels_are_shown(browser: 'Browser', report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    sizes = page.evaluate(
        '[...document.querySelectorAll(".panel")].map(panel => panel.checkVisibility() ?'
        ' panel.querySelector("use").getBBox().width - panel.querySelector("polyline").getBBox().width'
        ' : null).filter(size => size !== null)'
    )
    assert len(sizes) >= 12
    assert all(size > 10 for size in sizes)  # names and ticks stand beside the lines
    page.close()
