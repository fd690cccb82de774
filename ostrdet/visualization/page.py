"""What pages are made with: templates whose values are text unless they are marked as markup."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

PAGES = Environment(
    loader=PackageLoader('ostrdet.visualization'),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Picture:
    """A figure: what it is called, what it shows, and the ``<svg>``."""

    title: str
    caption: str
    svg: Markup


def picture(title: str, caption: str, svg: str) -> Picture:
    """A figure whose ``<svg>`` comes from matplotlib, which escapes the text in it."""
    return Picture(title, caption, Markup(svg))


@dataclass(frozen=True)
class Tile:
    """A number at the head of a page."""

    name: str
    value: str
    note: str = ''


@dataclass(frozen=True)
class Notice:
    """A sentence above everything else; an alarm where something is wrong."""

    text: str
    is_alarm: bool
