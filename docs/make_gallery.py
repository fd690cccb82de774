#!/usr/bin/env python
"""Make docs/gallery.md: a picture of every kind that the tools draw, of two searches on the digits.

    python docs/make_gallery.py

It searches, which takes a minute per seed, draws, and copies the pictures into docs/figures.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

DOCS = Path(__file__).resolve().parent
ROOT, FIGURES, PAGE = DOCS.parent, DOCS / 'figures', DOCS / 'gallery.md'
CONFIG = 'configs/search/ostr_nb201_digits.py'
SEEDS = (0, 1)
#: Every picture of the gallery is of these searches.
HEAD = f"""# Gallery

Every kind of picture that the tools draw, of two searches on the embedded digits (`{CONFIG}`, seeds 0 and 1): small enough
to repeat in a few minutes, so not what the paper's figures show. Those are in [results.md](results.md). `python docs/make_gallery.py` makes this page.
"""


class Figure(NamedTuple):
    """A picture and the command that draws it.

    Attributes:
        title: Its heading.
        text: What one sees.
        command: Arguments of python; ``s0`` and ``s1`` are the searches, ``out`` the folder to draw into.
        file: The picture in that folder.
    """

    title: str
    text: str
    command: str
    file: str


GALLERY = (
    Figure(
        'A cell',
        'What a search chose, and what changed on the way.',
        'tools/draw_genotype.py s0/genotype.json --before s0/genotypes/epoch_001.json --out out/cell.svg',
        'cell.svg',
    ),
    Figure(
        'Stability',
        'How many different cells each criterion has chosen, epoch by epoch.',
        'tools/analyze.py stability s0 s1 --out out',
        'stability.svg',
    ),
    Figure(
        'Race of two operations',
        'The score of one operation over that of another, on every edge, a line per search.',
        'tools/analyze.py race s0 s1 --ops skip_connect nor_conv_3x3 --out out',
        'race.svg',
    ),
    Figure(
        'Loss change',
        'The measured change of the loss when an edge uses one operation alone, against every score.',
        'tools/analyze.py loss-change s0 --batches 2 --out out',
        'loss-change.svg',
    ),
    Figure(
        'Saturation',
        'Loss and estimates while one operation takes an edge over.',
        'tools/analyze.py loss-change s0 --batches 2 --out out',
        'loss-change_saturation.svg',
    ),
    Figure(
        'Landscape',
        'The largest eigenvalue of the Hessian in alpha, along the epochs.',
        'tools/analyze.py landscape s0 --every 3 --batches 2 --out out',
        'landscape.svg',
    ),
    Figure(
        'Noise',
        'How much of operation strength is the noise of minibatches, by their size.',
        'tools/analyze.py noise s0 --batch-sizes 8 16 32 --out out',
        'noise.svg',
    ),
    Figure(
        'Budget',
        'The score of the best cell by its cost.',
        'tools/select.py s0 --max-params 1M --front',
        's0/selected/OperationStrength_front.svg',
    ),
)


def run(command: str, folder: Path) -> None:
    """Run a command of the gallery in a folder."""
    script, *arguments = command.split()
    subprocess.run([sys.executable, ROOT / script, *arguments], cwd=folder, check=True)


def main() -> None:
    """Search, draw, copy, and write the page."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        keep = '--cfg-options default_hooks.checkpoint.max_keep_ckpts=-1'
        for seed in SEEDS:
            run(f'tools/search.py {ROOT / CONFIG} --seed {seed} --work-dir s{seed} {keep}', folder)
        for command in dict.fromkeys(figure.command for figure in GALLERY):
            run(command, folder)
        for figure in GALLERY:
            found = next(
                path
                for path in (folder / figure.file, folder / 'out' / figure.file)
                if path.is_file()
            )
            shutil.copy(found, FIGURES / name_of(figure))
    PAGE.write_text('\n'.join([HEAD, *map(section, GALLERY)]), encoding='utf-8')


def name_of(figure: Figure) -> str:
    """The file of a picture in the folder of all figures."""
    return f'gallery_{Path(figure.file).name.removeprefix("OperationStrength_")}'


def section(figure: Figure) -> str:
    """A picture on the page, with the command and what it shows."""
    git = ['git', 'rev-parse', '--short=7', 'HEAD']
    commit = subprocess.run(
        git, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    seeds = 'seeds 0 and 1' if ' s1 ' in figure.command else 'seed 0'
    return (
        f'## {figure.title}\n\n{figure.text}\n\n`python {figure.command}`\n\n'
        f'![{figure.title}](figures/{name_of(figure)})\n\n'
        f'*`{CONFIG}`, {seeds}, commit `{commit}`.*\n'
    )


if __name__ == '__main__':
    main()
