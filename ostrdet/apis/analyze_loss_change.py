"""``tools/analyze.py loss-change``: what a selection does, against what the criteria estimate."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from ostrdet.apis.analysis_output import Output, Row
from ostrdet.apis.search_work_dir import OpenSearch, epoch_checkpoints
from ostrdet.engine.hooks.selector import PAPER_CRITERIA
from ostrdet.evaluation.correlation import spearman
from ostrdet.evaluation.loss_change import Candidate, Loss, candidates, observe
from ostrdet.evaluation.saturation import SaturationPoint, saturate
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.models.searchers.mix import leaves_of
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import Criterion
from ostrdet.visualization.analysis_loss_change import draw_loss_change, draw_saturation

#: Weights of the operation that takes an edge over.
WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99)
#: Edges in the figure of saturation: those that are nearest to it.
SHOWN = 6
Taken = Mapping[str, Sequence[SaturationPoint]]


def loss_change(
    work_dir: str | Path,
    out: str | Path,
    checkpoint: str | Path | None = None,
    batches: int = 4,
    data_root: str | Path | None = None,
    png: bool = False,
) -> list[Row]:
    """The true loss change of selecting each operation, and every criterion's score (Fig. 7).

    Args:
        work_dir: A search.
        out: Folder for ``loss-change.csv``, ``loss-change_saturation.csv`` and their figures.
        checkpoint: One of its checkpoints; the newest of a whole epoch if None.
        batches: Number of minibatches of the architecture half.
        data_root: Folder of the data set, instead of the config's.
        png: Whether figures are written as PNG too.

    Returns:
        A row per edge and operation; changes in nats.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the checkpoint is damaged or of another search.
    """
    search = OpenSearch(work_dir, batches, data_root)
    epoch = search.load(checkpoint or epoch_checkpoints(work_dir)[-1])
    searcher, size = search.searcher, len(search.batches[0].labels)
    losses: list[Loss] = [partial(searcher.mix_loss, batch) for batch in search.batches]
    found = observe(losses, searcher.mix, searcher.alphas, _all_criteria())
    op_weights = searcher.arch_state().op_weights
    everything = candidates(searcher.space, op_weights, found)
    correlations = {name: _correlations(everything, name) for name in found.scores}
    taken = _taken_over(searcher, losses[0])
    rows = [_row(candidate) for candidate in everything]
    output, moment = Output(out, png), f'after epoch {epoch}'
    output.csv('loss-change', rows)
    output.csv('loss-change_saturation', _saturation_rows(taken))
    where = f'{moment}, {batches} minibatches of {size}'
    overall = {name: row['all candidates'] for name, row in correlations.items()}
    output.figure('loss-change', draw_loss_change, everything, overall, where)
    where = f'{moment}, one minibatch of {size}'
    output.figure('loss-change_saturation', draw_saturation, taken, where)
    title = f"Spearman's rho of score and absolute loss change {moment}"
    output.table(title, ({'criterion': name, **row} for name, row in correlations.items()))
    return rows


def _all_criteria() -> dict[str, Criterion]:
    CRITERIA.import_from_location()
    names = dict.fromkeys((*PAPER_CRITERIA, *CRITERIA.module_dict))
    return {name: build(CRITERIA, {'type': name}) for name in names}


def _row(candidate: Candidate) -> Row:
    plain = asdict(candidate)
    edge, scores = candidate.edge, plain.pop('scores')
    return {**plain, 'edge': f'{edge.target}<-{edge.source}', **scores}


def _correlations(everything: Sequence[Candidate], criterion: str) -> dict[str, float]:
    """Over all candidates, and the mean of those over the candidates of each edge."""
    by_edge: dict[tuple[object, ...], list[Candidate]] = {}
    for candidate in everything:
        by_edge.setdefault((candidate.cell_type, candidate.edge), []).append(candidate)

    def rho(some: Sequence[Candidate]) -> float:
        return spearman([c.scores[criterion] for c in some], [c.true_abs for c in some])

    of_edges = spread(rho(some) for some in by_edge.values())
    return {
        'all candidates': rho(everything),
        'mean over edges': of_edges.mean,
        'std over edges': of_edges.std,
    }


def _taken_over(searcher: BilevelSearcher, loss: Loss) -> Taken:
    """The heaviest selectable operation of some edges, on its way to a weight of one."""
    space, mix = searcher.space, leaves_of(searcher.mix(), requires_grad=False)
    selectable = [space.ops.index(op) for op in space.selectable_ops]
    heaviest = [
        (weights.op_weights[e, o].item(), name, e, o)
        for name, weights in mix.items()
        for e in range(len(space.cells[name].edges))
        for o in [max(selectable, key=weights.op_weights[e].tolist().__getitem__)]
    ]
    shown = sorted(sorted(heaviest, reverse=True)[:SHOWN], key=lambda found: found[1:])
    taken = {}
    for weight, name, e, o in shown:
        edge = space.cells[name].edges[e]
        title = f'{name} {edge.target}<-{edge.source}: {space.ops[o]}, p = {weight:.2f}'
        taken[title] = saturate(loss, mix, name, e, o, WEIGHTS)
    return taken


def _saturation_rows(taken: Taken) -> list[Row]:
    return [{'edge': title, **asdict(point)} for title, points in taken.items() for point in points]
