"""The look of every figure: palette, dashes, fonts, and how figures become SVG.

Nothing here touches pyplot, so figures need no display and leave no global state behind.
"""

import io
import re
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

#: Text and axes. Not quite black: matplotlib leaves black out of an SVG, where pages then can't
#: replace it.
INK = '#222222'
GRID = '#cccccc'
PAPER = '#ffffff'
#: Okabe and Ito's colours, which colour-blind readers can tell apart, their black being ink; yellow
#: is darker, so that it stands out from white.
PALETTE = (
    '#0072b2',  # blue
    '#d55e00',  # vermilion
    '#009e73',  # bluish green
    '#cc79a7',  # reddish purple
    '#e69f00',  # orange
    '#56b4e9',  # sky blue
    '#b8a600',  # yellow
    INK,
)
#: Five, so that with eight colours 40 lines differ, and neighbours differ in both.
DASHES = ('solid', (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (8, 2, 1, 1, 1, 2)))

#: Settings of matplotlib; ``Any`` since it types every key.
STYLE: Any = {
    'font.family': ['sans-serif'],
    'font.sans-serif': ['DejaVu Sans', 'Verdana', 'Arial'],
    'font.size': 10,
    'axes.titlesize': 10,
    'axes.labelsize': 10,
    'xtick.labelsize': 9,
    'ytick.labelsize': 9,
    'legend.fontsize': 9,
    'legend.frameon': False,
    'text.color': INK,
    'axes.labelcolor': INK,
    'axes.edgecolor': INK,
    'xtick.color': INK,
    'ytick.color': INK,
    'axes.grid': True,
    'axes.axisbelow': True,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.linewidth': 0.8,
    'grid.color': GRID,
    'grid.linewidth': 0.5,
    'lines.linewidth': 1.6,
    'figure.facecolor': PAPER,
    'axes.facecolor': 'none',
    'savefig.facecolor': 'auto',
    'svg.fonttype': 'none',  # text stays text
    'svg.hashsalt': 'ostrdet',  # the same figure is the same file
}
_NO_METADATA = dict.fromkeys(('Creator', 'Date', 'Format', 'Type'))
_NO_DATE = {'svg': {'Date': None}, 'pdf': {'CreationDate': None}}
_SVG, _XLINK = 'http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink'
_NUMBER = re.compile(r'-?\d+\.\d+')
_SPACE = re.compile(r' ?([A-Za-z]) ?')
_GEOMETRY = {'d', 'x', 'y', 'width', 'height'}


def styled() -> AbstractContextManager[None]:
    """The style, for the time of a ``with``: make, draw and save a figure inside of it."""
    return mpl.rc_context(STYLE)


def new_figure(width: float, height: float) -> Figure:
    """A figure without a window; width and height in points, which are the pixels of an SVG."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    FigureCanvasAgg(figure)
    return figure


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the line with that index, as keywords of matplotlib.

    Examples:
        >>> line_style(0)
        {'color': '#0072b2', 'linestyle': 'solid'}
    """
    return {'color': PALETTE[index % len(PALETTE)], 'linestyle': DASHES[index % len(DASHES)]}


def page_colour(colour: str) -> str:
    """What a page calls a colour of this module: the text's own, or a variable.

    Examples:
        >>> page_colour(INK), page_colour('#0072b2')
        ('currentColor', 'var(--c-0072b2)')
    """
    return 'currentColor' if colour == INK else f'var(--c-{colour[1:]})'


def save_figure(figure: Figure, path: Path, dpi: int = 150) -> None:
    """Write a figure in the format of the suffix (SVG, PNG, PDF), without a date."""
    form = path.suffix.lstrip('.').lower()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format=form, dpi=dpi, metadata=_NO_DATE.get(form))


def inline_svg(figure: Figure, label: str) -> str:
    """A figure as an ``<svg>`` for the inside of a page, whose style sheet gives colours and font.

    Ink becomes ``currentColor``, and any other colour of this module the variable ``--c-RRGGBB``, so
    that a page can replace it on dark ground. The ground itself and clipping are left out.

    Args:
        figure: A figure that was drawn within :func:`styled`.
        label: What it shows, for those who can't see it; no other figure of the page has it.
    """
    root = _page_element(figure, label)
    width = root.attrib.pop('width').removesuffix('pt')
    root.attrib.pop('height')
    root.attrib |= {'style': f'width:{width}px', 'role': 'img', 'aria-label': label}
    return ET.tostring(root, encoding='unicode')


def inline_group(figure: Figure, label: str) -> str:
    """As :func:`inline_svg`, but a ``<g>``, for the inside of an ``<svg>``."""
    root = _page_element(figure, label)
    root.tag, root.attrib = f'{{{_SVG}}}g', {}
    return ET.tostring(root, encoding='unicode')


def _page_element(figure: Figure, label: str) -> ET.Element:
    figure.patch.set_visible(False)
    buffer = io.StringIO()
    figure.savefig(buffer, format='svg', metadata=_NO_METADATA)
    root = ET.fromstring(buffer.getvalue())
    _slim(root, f'f{zlib.crc32(label.encode()):x}')
    ET.register_namespace('', _SVG)
    ET.register_namespace('xlink', _XLINK)
    return root


def _slim(root: ET.Element, prefix: str) -> None:
    """Round coordinates, keep only ids that are referred to, and let the page choose colours."""
    for parent in [*root.iter()]:
        for child in [*parent]:
            if child.tag in {f'{{{_SVG}}}style', f'{{{_SVG}}}clipPath'}:
                parent.remove(child)
    reference = f'{{{_XLINK}}}href'
    used = {element.get(reference, '').removeprefix('#') for element in root.iter()}
    for element in root.iter():
        _slim_element(element, used, prefix)
        if (href := element.get(reference, '')).startswith('#'):  # an image is within its reference
            element.set(reference, f'#{prefix}{href[1:]}')


def _slim_element(element: ET.Element, used: set[str], prefix: str) -> None:
    element.tail = None
    if not (element.text or '').strip():
        element.text = None
    element.attrib.pop('clip-path', None)
    name = element.attrib.pop('id', None)
    if name in used:
        element.set('id', f'{prefix}{name}')
    if element.get('transform', '').startswith('rotate(-0 '):
        del element.attrib['transform']
    for key in _GEOMETRY & set(element.attrib):
        element.set(key, _short(element.attrib[key]))
    if style := element.get('style'):
        element.set('style', _page_style(style))


def _short(geometry: str) -> str:
    return _SPACE.sub(r'\1', ' '.join(_NUMBER.sub(_one_digit, geometry).split()))


def _one_digit(number: re.Match[str]) -> str:
    return f'{float(number[0]):.1f}'.removesuffix('.0')


def _page_style(style: str) -> str:
    """A style with colours as variables, and without the font, which is that of the page."""
    for colour in (*PALETTE, GRID, PAPER):
        style = style.replace(colour, page_colour(colour))
    return re.sub(r' ?font-family: [^;]+;', '', style)
