"""Selects anew from a finished search: what ``tools/select.py`` calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from ostrdet.apis.open_search import OpenSearch, config_of, epoch_checkpoints
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.evaluation.cell_latency import count_costs
from ostrdet.models.searchers import SupernetProbe
from ostrdet.records.files import SELECTED
from ostrdet.records.fronts import selected_front, write_front
from ostrdet.registry import CRITERIA, nearest
from ostrdet.selection import EvaluatingCriterion, Panel, WithinBudget
from ostrdet.selection.panel import DEFAULT, Scores
from ostrdet.settings.search import load_config
from ostrdet.spaces import SearchSpace
from ostrdet.structures import ArchState, Genotype, save_genotype
from ostrdet.structures.cell_costs import LATENCY, MACS, PARAMS
from ostrdet.structures.latency_table import PER_MILLISECOND
from ostrdet.visualization.fronts import draw_front

AnyPath = str | Path


@dataclass(frozen=True)
class Selection:
    """What a criterion selects.

    Attributes:
        criterion: Its type.
        genotype: The cells.
        text: The genotype as text.
        forward_passes: Forward passes of a minibatch that it took.
        file: Where the genotype was written.
        within: What it costs and scores, if it had to fit a budget; None otherwise.
    """

    criterion: str
    genotype: Genotype
    text: str
    forward_passes: int
    file: Path
    within: 'Within | None' = None


@dataclass(frozen=True)
class Within:
    """A genotype within a budget.

    Attributes:
        macs: Multiply-adds of its network for one image.
        params: Parameters without the auxiliary head.
        score: Its score, see :class:`WithinBudget`.
        free_score: The score of the best genotype without a budget.
        latency: Milliseconds, if they have a budget.
        front: Where the front was written, if it was asked for: a CSV file.
    """

    macs: int
    params: int
    score: float
    free_score: float
    latency: float | None = None
    front: Path | None = None


def select(
    work_dir: str | Path,
    criteria: Sequence[str] = (),
    batches: int | None = None,
    checkpoint: str | Path | None = None,
    data_root: str | Path | None = None,
    max_macs: int | str | None = None,
    max_params: int | str | None = None,
    max_latency: float | None = None,
    latency_table: AnyPath | Sequence[AnyPath] | None = None,
    latency_device: str | None = None,
    layout: str = 'cifar10',
    front: bool = False,
) -> list[Selection]:
    """Let criteria select from a checkpoint of a search; nothing is trained.

    With a budget, each takes the best genotype that fits; then the criterion of the search alone, unless
    others are named.

    Criteria that watch the search have their scores in the checkpoint; those that evaluate the supernet
    do it now, on minibatches of the architecture half: the data are needed for those alone. Each genotype
    goes to ``selected/`` of the work dir.

    Args:
        work_dir: The folder of a search.
        criteria: Their types; all that can answer if empty.
        batches: Minibatches of criteria that evaluate; their own number if None.
        checkpoint: A file of the work dir; the newest at the end of an epoch if None.
        data_root: Folder of the data set, instead of the config's.
        max_macs: As in :class:`WithinBudget`, as is the next one.
        max_params: Parameters.
        max_latency: Milliseconds, by ``latency_table``.
        latency_table: As ``table`` of :class:`WithinBudget`.
        latency_device: As ``device`` of :class:`WithinBudget`.
        layout: Published size at which budgets count.
        front: Whether to write what every other budget would choose to ``selected/`` too, as a CSV file
            and a figure; with a budget alone.

    Raises:
        FileNotFoundError: If the work dir has no config or checkpoint.
        UnknownNameError: If a criterion is unknown; the nearest name is offered.
        InvalidValueError: If the search has not observed for a criterion, the work dir has several
            configs, the half has fewer batches, or no genotype fits a budget.
    """
    named = {'max_macs': max_macs, 'max_params': max_params, 'max_latency': max_latency}
    limits = _limits(named, latency_table, latency_device, layout, front)
    path = Path(checkpoint) if checkpoint else epoch_checkpoints(work_dir)[-1]
    content, config = read_checkpoint(path), config_of(work_dir)
    saved = content.get('selector', {}).get('criteria', {})
    selector = load_config(config).default_hooks.selector
    names = criteria or ([_configs(selector)[0]['type']] if limits else _all(saved, selector))
    panel = _panel(selector, names, batches, {'type': 'WithinBudget', **limits} if limits else None)
    judges = [judge for judge in panel.judges if batches or not _has_judged(judge, saved)]
    opened = OpenSearch(work_dir, None, data_root, exact=False)
    epoch = opened.take(content, path)
    state, space = opened.searcher.arch_state(), opened.searcher.space
    panel.derivation.prepare(space, count_costs)
    anew = {type(judge).__name__ for judge in judges if judge.accumulates}
    panel.load_state_dict({name: s for name, s in saved.items() if name not in anew})
    passes = {type(judge).__name__: _evaluate(judge, opened, state) for judge in judges}
    origin = _origin(content, path, epoch, config) | limits
    scores = _answers(
        panel.scores(state, space), is_asked=bool(criteria or limits), checkpoint=path.name
    )
    found = [
        _selected(panel, name, by_cell, opened, Path(work_dir), origin, passes.get(name, 0))
        for name, by_cell in scores.items()
    ]
    return [_with_front(one, panel, scores, opened) for one in found] if front else found


def _origin(content: Mapping[str, Any], path: Path, epoch: int, config: Path) -> dict[str, Any]:
    """Where a genotype comes from."""
    seed = content.get('meta', {}).get('seed')
    return {'epoch': epoch, 'seed': seed, 'config': config.name, 'checkpoint': path.name}


def _limits(
    named: Mapping[str, Any],
    latency_table: AnyPath | Sequence[AnyPath] | None,
    device: str | None,
    layout: str,
    front: bool,
) -> dict[str, Any]:
    """Arguments of :class:`WithinBudget`; none if nothing is limited."""
    limits = {key: value for key, value in {**named, 'device': device}.items() if value is not None}
    if isinstance(latency_table, str | Path):
        limits['table'] = str(latency_table)
    elif latency_table:
        limits['table'] = [str(path) for path in latency_table]
    if front and not limits:
        raise InvalidValueError('--front without a budget; give --max-macs, or another one')
    return limits and {**limits, 'layout': layout}


def _answers(
    scores: Mapping[str, Scores], is_asked: bool, checkpoint: str
) -> dict[str, Mapping[str, Tensor]]:
    """The scores that there are.

    Raises:
        InvalidValueError: If a criterion that was asked for has none.
    """
    for name in (name for name, by_cell in scores.items() if is_asked and by_cell is None):
        raise InvalidValueError(
            f'--criterion {name}: the search has not observed for it, so {checkpoint} holds no scores; '
            'search with it in default_hooks.selector.compare, or choose Magnitude or LossChange'
        )
    return {name: by_cell for name, by_cell in scores.items() if by_cell is not None}


def _selected(
    panel: Panel,
    name: str,
    scores: Mapping[str, Tensor],
    opened: OpenSearch,
    work_dir: Path,
    origin: Mapping[str, Any],
    passes: int,
) -> Selection:
    state, space = opened.searcher.arch_state(), opened.searcher.space
    chosen = panel.select(name, scores, state, space)
    facts = getattr(panel.criteria[name], 'facts', {})
    provenance = {'criterion': name, **origin, 'forward_passes': passes, **facts}
    genotype = Genotype(chosen.space, chosen.cells, provenance)
    file = work_dir / SELECTED / f'{name}.json'
    save_genotype(genotype, file)
    within = _within(panel, name, scores, state, space)
    return Selection(name, genotype, space.format(genotype), passes, file, within)


def _within(
    panel: Panel, name: str, scores: Mapping[str, Tensor], state: ArchState, space: SearchSpace
) -> Within | None:
    derive = panel.derivation
    if not isinstance(derive, WithinBudget):
        return None
    given = (space, scores, panel.edge_weights(name, state), panel.criteria[name].tie_rtol)
    chosen, free = derive.choose(*given), derive.choose(*given, bounded=False)
    size = space.layout(derive.layout)
    latency = derive.costs.get(LATENCY)
    spent = None if latency is None else latency.of(chosen.genotype) / PER_MILLISECOND
    macs, params = (count_costs(space, size, unit).of(chosen.genotype) for unit in (MACS, PARAMS))
    return Within(macs, params, chosen.score, free.score, spent)


def _with_front(
    one: Selection, panel: Panel, scores: Mapping[str, Scores], opened: OpenSearch
) -> Selection:
    """What was selected, after its front was written."""
    assert one.within is not None
    state, space = opened.searcher.arch_state(), opened.searcher.space
    points = panel.front(one.criterion, scores[one.criterion], state, space)
    path = selected_front(one.file.parent.parent, one.criterion)
    write_front(path, points)
    draw_front(path.with_suffix('.svg'), points)
    return replace(one, within=replace(one.within, front=path))


def _panel(
    selector: Mapping[str, Any],
    names: Sequence[str],
    batches: int | None,
    derivation: Mapping[str, Any] | None,
) -> Panel:
    """The criteria ``names`` as the search had them, or with their defaults; the first decides."""
    CRITERIA.import_from_location()
    own = {cfg['type']: dict(cfg) for cfg in _configs(selector)}
    configs = []
    for name in dict.fromkeys(names):
        kind = CRITERIA.module_dict.get(name)
        if kind is None:
            raise UnknownNameError(f'--criterion {name}. {nearest(name, CRITERIA.module_dict)}')
        options = {'batches': batches} if batches and issubclass(kind, EvaluatingCriterion) else {}
        configs.append({**own.get(name, {'type': name}), **options})
    derivation = derivation or selector.get('derivation')
    return Panel(configs[0], configs[1:], selector.get('window', 1), derivation)


def _configs(selector: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    compared = [c for c in selector.get('compare', ()) if not isinstance(c, str)]
    return [selector.get('criterion') or DEFAULT, *compared]


def _all(saved: Mapping[str, Any], selector: Mapping[str, Any]) -> list[str]:
    """The criterion of the search, those in the checkpoint, and all that evaluate at little cost, or look at alpha."""
    CRITERIA.import_from_location()
    always = [
        n
        for n, kind in CRITERIA.module_dict.items()
        if issubclass(kind, EvaluatingCriterion) and kind.by_default
    ]
    chosen = _configs(selector)[0]['type']
    return list(dict.fromkeys([chosen, *saved, 'Magnitude', *always]))


def _has_judged(judge: EvaluatingCriterion, saved: Mapping[str, Any]) -> bool:
    """Whether the checkpoint has scores that another evaluation now would not repeat."""
    state = saved.get(type(judge).__name__, {})
    return judge.accumulates and state.get('scores') is not None


def _evaluate(judge: EvaluatingCriterion, opened: OpenSearch, state: ArchState) -> int:
    number = judge.num_batches(len(opened.loader))
    probe = SupernetProbe(
        opened.searcher, opened.read(number), opened.tune, opened.tune.weight_batches
    )
    judge.evaluate(probe, state)
    return probe.forward_passes
