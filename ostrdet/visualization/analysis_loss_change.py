"""Figures of the loss change of a selection (Fig. 7 of the paper), and of its limitation."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ostrdet.evaluation.loss_change import Candidate
from ostrdet.evaluation.saturation import SaturationPoint
from ostrdet.visualization.analysis_parts import marks, panels, shared_legend
from ostrdet.visualization.style import INK, line_style

#: The quantities of a saturation figure: field, label, whether it is an estimate.
CURVES = (
    ('selecting', 'selecting it: true', False),
    ('star', 'selecting it: first order (OStr*)', True),
    ('strength', 'p times that (OStr)', True),
    ('removing', 'removing it: true', False),
    ('saliency', 'removing it: first order (pruning)', True),
)


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
    _signed(axes[-1], candidates, ops)
    shared_legend(figure, axes[0], 5)
    return figure


def _signed(panel: Axes, candidates: Sequence[Candidate], ops: Sequence[str]) -> None:
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
