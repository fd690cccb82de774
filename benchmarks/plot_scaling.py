#!/usr/bin/env python
"""Draw what benchmarks/scaling.py measured: time and memory of a step against each quantity.

python benchmarks/plot_scaling.py scaling.json docs/figures/scaling.svg
"""

import argparse
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ostrdet.visualization.style import line_style, new_figure, save_figure, styled

#: Axis of a row, by key of a measurement.
MEASURES = {'processor': 'processor time, s per step', 'peak MiB': 'peak memory, MiB'}
ENGINES = ('plain', 'fast')
MARKERS = {'plain': 'o', 'fast': 's'}


def draw(rows: list[dict[str, Any]]) -> Figure:
    """A panel for every quantity and measure, a line for each engine; both axes from zero."""
    names = list(dict.fromkeys(row['vary'] for row in rows))
    figure = new_figure(190 * len(names), 400)
    panels = figure.subplots(len(MEASURES), len(names), squeeze=False, sharex='col', sharey='row')
    for line, (measure, label) in zip(panels, MEASURES.items(), strict=True):
        line[0].set_ylabel(label)
        for name, axes in zip(names, line, strict=True):
            for index, engine in enumerate(ENGINES):
                chosen = [row for row in rows if (row['vary'], row['engine']) == (name, engine)]
                values = [row[measure] for row in chosen]
                style = {**line_style(index), 'marker': MARKERS[engine], 'label': engine}
                axes.plot([row[name] for row in chosen], values, **style)
    for axes in panels.flat:  # now, since panels share their limits
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
    for name, axes in zip(names, panels[-1], strict=True):
        axes.set_xlabel(f'{name} (number)')
    panels[0][0].legend()
    figure.tight_layout()
    return figure


def main() -> None:
    """Read, draw and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('measurements', type=Path, help='JSON file of benchmarks/scaling.py')
    parser.add_argument('out', type=Path, help='SVG, PNG or PDF')
    args = parser.parse_args()
    with styled():
        save_figure(draw(json.loads(args.measurements.read_text(encoding='utf-8'))), args.out)


if __name__ == '__main__':
    main()
