"""``tools/analyze.py loss-change``: what a selection does, against what the criteria estimate."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ostrdet.analysis.changes import (
    Candidate,
    LossChanges,
    SaturationPoint,
    candidates,
    observe,
    saturate,
)
from ostrdet.analysis.output import Output, Row
from ostrdet.analysis.ranks import spearman
from ostrdet.analysis.second_order import Loss, foretold
from ostrdet.apis.open_search import OpenSearch, epoch_checkpoints
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import ESTIMATES, BilevelSearcher, block_pairs
from ostrdet.models.searchers.mix import leaves_of
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import PAPER_CRITERIA, Criterion, SecondOrder
from ostrdet.structures.arch_step import Pairs
from ostrdet.visualization.panels import marks, panels, shared_legend
from ostrdet.visualization.style import INK, line_style

#: The quantities of a saturation figure: field, label, whether it is an estimate.
CURVES = (
    ('selecting', 'selecting it: true', False),
    ('star', 'selecting it: first order (OStr*)', True),
    ('strength', 'p times that (OStr)', True),
    ('removing', 'removing it: true', False),
    ('saliency', 'removing it: first order (pruning)', True),
)
#: Weights of the operation that takes an edge over.
WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99)
#: Edges in the figure of saturation: those that are nearest to it.
SHOWN = 6
Taken = Mapping[str, Sequence[SaturationPoint]]


def draw_loss_change(
    candidates: Sequence[Candidate], correlations: Mapping[str, float], where: str
) -> Figure:
    """A panel per criterion, and one of the signed first-order estimate.

    Args:
        candidates: Every operation on every edge.
        correlations: Spearman of score and absolute loss change, by criterion, over all candidates.
        where: Checkpoint and minibatches, for the caption.
    """
    caption = (
        'Every operation on every edge: what it changes in the validation loss if it takes the place '
        'of the mixture of its edge, by evaluation (across), against the score of each criterion '
        f'(up), both as means over minibatches of absolute values; {where}. rho is Spearman over all '
        'of them. Last panel: the change with its sign against its first-order estimate; on the line '
        'both are equal.'
    )
    figure, axes = panels(len(correlations) + 1, 3, (250, 215), caption)
    ops = list(dict.fromkeys(candidate.op for candidate in candidates))
    for panel, (criterion, rho) in zip(axes, correlations.items(), strict=False):
        for index, op in enumerate(ops):
            of_op = [c for c in candidates if c.op == op]
            xs = [c.true_abs for c in of_op]
            ys = [c.scores[criterion] for c in of_op]
            panel.plot(xs, ys, linestyle='', markersize=4.5, label=op, **marks(index))
        panel.set_title(f'{criterion}: rho {rho:.2f}')
        panel.set_xlabel('absolute loss change (nats)')
        panel.set_ylabel('score')
    _draw_signed(axes[-1], candidates, ops)
    shared_legend(figure, axes[0], 5)
    return figure


def _draw_signed(panel: Axes, candidates: Sequence[Candidate], ops: Sequence[str]) -> None:
    panel.axline((0, 0), slope=1, color=INK, linewidth=0.8)
    for index, op in enumerate(ops):
        of_op = [c for c in candidates if c.op == op]
        xs, ys = [c.true for c in of_op], [c.first_order for c in of_op]
        panel.plot(xs, ys, linestyle='', markersize=4.5, **marks(index))
    panel.set_title('first order, with sign')
    panel.set_xlabel('loss change (nats)')
    panel.set_ylabel('estimate (nats)')


def draw_saturation(points: Mapping[str, Sequence[SaturationPoint]], where: str) -> Figure:
    """A panel per edge: the loss and the estimates while one operation takes the edge over.

    Args:
        points: By edge and operation, in the order of the weight.
        where: Checkpoint and minibatches, for the caption.
    """
    caption = (
        'One operation of each edge takes over: its weight p grows, the others share the rest as they '
        f'did; {where}. Solid: changes of the validation loss, evaluated. Dashed: estimates. Towards '
        'p = 1 the mixture is the operation, so selecting it changes nothing and its strength goes to '
        'zero, whatever the operation is worth: the limitation that the paper states.'
    )
    figure, axes = panels(len(points), 3, (250, 215), caption)
    for panel, (title, of_edge) in zip(axes, points.items(), strict=True):
        panel.axhline(0, color=INK, linewidth=0.8)
        for index, (field, label, is_estimate) in enumerate(CURVES):
            style = marks(index) | {'linestyle': line_style(int(is_estimate))['linestyle']}
            ys = [getattr(point, field) for point in of_edge]
            panel.plot([p.weight for p in of_edge], ys, label=label, markersize=3.5, **style)
        panel.set_title(title)
        panel.set_xlabel('weight p of the operation')
        panel.set_ylabel('loss change (nats)')
    shared_legend(figure, axes[0], 3)
    return figure


def loss_change(
    work_dir: str | Path,
    out: str | Path,
    checkpoint: str | Path | None = None,
    batches: int = 4,
    data_root: str | Path | None = None,
    hessian: bool = False,
    png: bool = False,
) -> list[Row]:
    """The true loss change of selecting each operation, and every criterion's score (Fig. 7).

    Args:
        work_dir: A search.
        out: Folder for ``loss-change.csv``, ``loss-change_signed.csv``, ``loss-change_saturation.csv``
            and figures.
        checkpoint: One of its checkpoints; the newest of a whole epoch if None.
        batches: Number of minibatches of the architecture half.
        data_root: Folder of the data set, instead of the config's.
        hessian: Whether to estimate to second order by the exact Hessian, too.
        png: Whether figures are written as PNG too.

    Returns:
        A row per edge and operation; changes in nats.

    Raises:
        FileNotFoundError: If a file is missing.
        InvalidValueError: If the checkpoint is damaged or of another search.
    """
    search = OpenSearch(work_dir, batches, data_root)
    epoch = search.load(checkpoint or epoch_checkpoints(work_dir)[-1])
    searcher, size = search.searcher, len(search.batches[0].labels)
    losses: list[Loss] = [partial(searcher.mix_loss, batch) for batch in search.batches]
    criteria, pairs = _all_criteria(), _pairs(searcher, search.batches)
    found = observe(losses, searcher.mix, searcher.alphas, criteria, pairs, hessian)
    everything = candidates(searcher.space, searcher.arch_state().op_weights, found)
    signed = _signed(found, criteria)
    correlations = {n: _correlations(everything, n) for n in found.scores if n not in signed}
    foretelling = foretold(searcher.space, found.true, signed)
    taken = _taken_over(searcher, losses[0])
    rows = [_row(candidate) for candidate in everything]
    output, moment = Output(out, png), f'after epoch {epoch}'
    output.csv('loss-change', rows)
    output.csv('loss-change_signed', foretelling)
    output.csv('loss-change_saturation', _saturation_rows(taken))
    where = f'{moment}, {batches} minibatches of {size}'
    overall = {name: row['all candidates'] for name, row in correlations.items()}
    output.figure('loss-change', draw_loss_change, everything, overall, where)
    where = f'{moment}, one minibatch of {size}'
    output.figure('loss-change_saturation', draw_saturation, taken, where)
    title = f"Spearman's rho of score and absolute loss change {moment}"
    output.table(title, ({'criterion': name, **row} for name, row in correlations.items()))
    output.table(f"Spearman's rho of estimate and loss change, with sign, {moment}", foretelling)
    return rows


def _pairs(searcher: BilevelSearcher, batches: Sequence[Batch]) -> list[dict[str, Pairs]]:
    """One of each estimate per minibatch, as a search would show the criteria."""
    found = []
    for seed, batch in enumerate(batches):
        searcher.draw_seed = seed
        found.append(block_pairs(searcher, batch, ESTIMATES, is_drawn=False))
    return found


def _signed(
    found: LossChanges, criteria: Mapping[str, Criterion]
) -> dict[str, Mapping[str, Tensor]]:
    """The estimates of the loss change with its sign; scores of criteria are minus that."""
    orders = {'first_order': found.first_order, 'second_order': found.second_order}
    return {name: by_cell for name, by_cell in orders.items() if by_cell} | {
        name: {cell: -score_EO for cell, score_EO in found.scores[name].items()}
        for name, criterion in criteria.items()
        if isinstance(criterion, SecondOrder)
    }


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
