"""``tools/analyze.py proxies``: training-free scores against a table."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import ConstantInputWarning, kendalltau, spearmanr

from ostrdet.analysis.output import Output, Row
from ostrdet.apis.open_search import OpenSearch, epoch_checkpoints
from ostrdet.engine.untrained.scoring import noise_batch, scoring_batch, scoring_layout
from ostrdet.errors import InvalidValueError
from ostrdet.evaluation import BenchmarkTable, load_table
from ostrdet.evaluation.encodings import decoded
from ostrdet.evaluation.proxies import Batch, Proxy, scores
from ostrdet.models.searchers import SupernetProbe
from ostrdet.registry import PROXIES, build, lookup
from ostrdet.selection.random_search import JudgedCells, RandomSearch
from ostrdet.settings.search import load_config
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Genotype, Layout

#: Always beside the others: most scores do not beat them.
BASELINES = ('params', 'macs')
#: The score of a trained supernet.
SUPERNET = 'supernet'
Paths = str | Path | Sequence[str | Path]


def proxies(
    table: Paths,
    out: str | Path,
    cells: str | Path | None = None,
    scores: Sequence[str] = (),
    column: str | Sequence[str] = (),
    space: str | None = None,
    config: str | Path | None = None,
    data_root: str | Path | None = None,
    layout: str | None = None,
    supernet: str | Path | None = None,
    batches: int = 8,
    seed: int = 0,
    png: bool = False,
) -> list[Row]:
    """How training-free scores rank the cells of a table.

    A network is scored once, initialised from ``seed``, on one batch. Scores need no training, so that
    all of them are of the same networks. A higher score means a better network; against a column of
    errors or times a good score has a negative correlation.

    Args:
        table: Table of numbers, or several.
        out: Folder for ``proxies.csv`` and ``proxies_rank.csv``.
        cells: File with a cell per line; None takes all of the table.
        scores: Names of scores; all that the batch allows if empty. Parameters and multiply-adds are
            always beside them.
        column: Column of the table, or several, of which each cell that is scored has all; its first if
            empty.
        space: Type of the space whose cells are ranked, where the table holds several.
        config: Config of a search, for the images, their labels and the size of the networks; None takes
            images of noise without labels, and the size ``layout``.
        data_root: Folder of its data set, instead of the config's; that of ``supernet`` too.
        layout: Published size of the networks, instead of the config's; without both, the first of the
            space.
        supernet: Work dir of a search, whose supernet is asked for the accuracy of every cell, in percent,
            with the statistics of BatchNorm taken anew; that of chance for a cell without a path.
        batches: Minibatches of its architecture half, the same for all cells.
        seed: Of weights, images and draws.
        png: Not used: there is no figure.

    Returns:
        A row per score with ``score``, ``spearman``, ``kendall`` and ``n``, the number of cells; of several
        columns a row per column and score, with ``column``.

    Raises:
        UnknownNameError: If there is no such column, score or layout; the nearest name is offered.
        UnknownCellError: If the table lacks a cell.
        InvalidValueError: If a score needs labels and there are none, or cells are of several spaces.
    """
    known = load_table(table)
    columns = [column] if isinstance(column, str) else list(dict.fromkeys(column))
    columns = columns or [known.columns[0]]
    values = {name: known.column(name) for name in columns}
    genotypes = _genotypes(_texts(known, columns, cells), space)
    found_space = build_space(next(iter(genotypes.values())).space)
    size, batch = _setting(found_space, config, data_root, layout, seed)
    chosen = _chosen(scores, batch)
    judged = supernet and _judged(supernet, batches, data_root, next(iter(genotypes.values())))
    rows: list[dict[str, Any]] = [
        {'arch': text, **_scores(genotype, chosen, size, batch, seed)}
        | ({SUPERNET: judged(genotype)} if judged else {})
        for text, genotype in genotypes.items()
    ]
    names = [*chosen, *([SUPERNET] if judged else [])]
    ranks = _ranks(values, names, rows)
    output = Output(out, png)
    output.csv('proxies', rows)
    output.csv('proxies_rank', ranks)
    output.table(f'{len(rows)} cells, {", ".join(columns)} of {known.path}, seed {seed}', ranks)
    return ranks


def _ranks(
    values: Mapping[str, Mapping[str, float]],
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> list[Row]:
    """The correlations of every column, by name, with every score of ``rows``."""
    return [
        {
            **({'column': column} if len(values) > 1 else {}),
            **correlations(
                name, [row[name] for row in rows], [of_cell[row['arch']] for row in rows]
            ),
        }
        for column, of_cell in values.items()
        for name in names
    ]


def correlations(name: str, found: Sequence[float], targets: Sequence[float]) -> Row:
    """Rank correlations of a score; minus infinity ranks last, ties share their mean rank.

    Examples:
        >>> correlations('a', [1, 2, 3, -math.inf], [10, 20, 30, 5])
        {'score': 'a', 'spearman': 1.0, 'kendall': 1.0, 'n': 4}
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ConstantInputWarning)
        rho, tau = spearmanr(found, targets).statistic, kendalltau(found, targets).statistic
    return {'score': name, 'spearman': float(rho), 'kendall': float(tau), 'n': len(found)}


def _judged(
    work_dir: str | Path, batches: int, data_root: Any, like: Genotype
) -> Callable[[Genotype], float]:
    """The accuracy of cells in the supernet of a search.

    Raises:
        GenotypeError: If the cell ``like`` is of another space.
    """
    path = epoch_checkpoints(work_dir)[-1]
    opened = OpenSearch(work_dir, batches, data_root, exact=False)
    opened.load(path)
    opened.searcher.space.validate(like)
    beside = opened.tune.weight_batches
    probe = SupernetProbe(opened.searcher, opened.batches, calibrate=beside)
    return JudgedCells(RandomSearch(), probe, opened.searcher.arch_state())


def _scores(
    genotype: Genotype, chosen: Mapping[str, Proxy], size: Layout, batch: Batch, seed: int
) -> dict[str, float]:
    found = scores(genotype, chosen, size, batch, seed)
    for name, value in found.items():
        assert not math.isnan(value), f'{name} is not a number'
    return found


def _texts(table: BenchmarkTable, columns: Sequence[str], cells: str | Path | None) -> list[str]:
    """The cells that are scored, as the table keys them."""
    first, *others = (table.column(name) for name in columns)
    complete = [text for text in first if all(text in other for other in others)]
    if cells is not None:
        lines = Path(cells).read_text(encoding='utf-8').splitlines()
        asked = list(dict.fromkeys(decoded(line for line in lines if line.strip())))
        for text in asked:
            table.row(text)  # says so where it lacks one
        known = set(complete)
        complete = [text for text in asked if text in known]
    if not complete:
        raise InvalidValueError(
            f"'{cells or table.path}' names no cell that has {' and '.join(columns)}; give others"
        )
    return complete


def _genotypes(texts: Sequence[str], space: str | None) -> dict[str, Genotype]:
    """By text, the cells of the only space, or of ``space``."""
    genotypes = {text: get_genotype(text) for text in texts}
    spaces = sorted({genotype.space['type'] for genotype in genotypes.values()})
    if space is not None:
        genotypes = {t: g for t, g in genotypes.items() if g.space['type'] == space}
    if not genotypes or (space is None and len(spaces) > 1):
        raise InvalidValueError(
            f'--space {space}: the cells are of {", ".join(spaces)}; give one of these, since cells of '
            'different spaces do not compare'
        )
    return genotypes


def _setting(
    space: SearchSpace, config: Any, data_root: Any, layout: str | None, seed: int
) -> tuple[Layout, Batch]:
    published = space.layout(layout or next(iter(space.layouts)))
    number = _largest_batch()
    if config is None:
        return published, noise_batch(published.image_size, number, seed)
    cfg = load_config(config, data_root=data_root)
    batch = scoring_batch(cfg, number, seed)
    return (published if layout else scoring_layout(cfg, batch.images.shape[-1])), batch


def _largest_batch() -> int:
    return max(kind.batch_size for kind in _all().values())


def _all() -> dict[str, type[Proxy]]:
    PROXIES.import_from_location()
    return dict(PROXIES.module_dict)


def _chosen(names: Sequence[str], batch: Batch) -> dict[str, Proxy]:
    """The scores by name, behind the baselines; those that were named must be possible."""
    usable = [n for n, kind in _all().items() if batch.labels is not None or not kind.needs_labels]
    chosen = dict.fromkeys([*BASELINES, *(names or usable)])
    for name in names:
        lookup(PROXIES, name)
    found: dict[str, Proxy] = {name: build(PROXIES, {'type': name}) for name in chosen}
    for name, proxy in found.items():
        proxy.check(batch, name)
    return found
