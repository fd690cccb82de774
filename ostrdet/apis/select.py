"""Selects anew from a finished search: what ``tools/select.py`` calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostrdet.apis.open_search import OpenSearch, config_of, epoch_checkpoints
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.searchers import SupernetProbe
from ostrdet.records.files import SELECTED
from ostrdet.registry import CRITERIA, nearest
from ostrdet.selection import EvaluatingCriterion, Panel
from ostrdet.selection.panel import DEFAULT
from ostrdet.settings.search import load_config
from ostrdet.structures import ArchState, Genotype, save_genotype


@dataclass(frozen=True)
class Selection:
    """What a criterion selects.

    Attributes:
        criterion: Its type.
        genotype: The cells.
        text: The genotype as text.
        forward_passes: Forward passes of a minibatch that it took.
        file: Where the genotype was written.
    """

    criterion: str
    genotype: Genotype
    text: str
    forward_passes: int
    file: Path


def select(
    work_dir: str | Path,
    criteria: Sequence[str] = (),
    batches: int | None = None,
    checkpoint: str | Path | None = None,
    data_root: str | Path | None = None,
) -> list[Selection]:
    """Let criteria select from a checkpoint of a search; nothing is trained.

    Criteria that watch the search have their scores in the checkpoint; those that evaluate the supernet
    do it now, on minibatches of the architecture half. Each genotype goes to ``selected/`` of the work
    dir.

    Args:
        work_dir: The folder of a search.
        criteria: Their types; all that can answer if empty.
        batches: Minibatches of criteria that evaluate; their own number if None.
        checkpoint: A file of the work dir; the newest at the end of an epoch if None.
        data_root: Folder of the data set, instead of the config's.

    Raises:
        FileNotFoundError: If the work dir has no config or checkpoint.
        UnknownNameError: If a criterion is unknown; the nearest name is offered.
        InvalidValueError: If the search has not observed for a criterion, the work dir has several
            configs, or the half has fewer batches.
    """
    path = Path(checkpoint) if checkpoint else epoch_checkpoints(work_dir)[-1]
    content, config = read_checkpoint(path), config_of(work_dir)
    saved = content.get('selector', {}).get('criteria', {})
    selector = load_config(config).default_hooks.selector
    panel = _panel(selector, criteria or _all(saved, selector), batches)
    judges = panel.due(is_last=True)
    opened = OpenSearch(work_dir, 1, data_root, exact=False)
    epoch = opened.take(content, path)
    state, space = opened.searcher.arch_state(), opened.searcher.space
    panel.load_state_dict({name: s for name, s in saved.items() if name not in _names(judges)})
    passes = {type(judge).__name__: _evaluate(judge, opened, state) for judge in judges}
    facts = {name: getattr(judge, 'facts', {}) for name, judge in panel.criteria.items()}
    found = []
    for name, scores in panel.scores(state, space).items():
        if scores is None and not criteria:
            continue  # the search has not observed for it
        if scores is None:
            raise _not_observed(name, path)
        chosen = panel.select(name, scores, state, space)
        provenance = {
            'criterion': name,
            'epoch': epoch,
            'config': config.name,
            'checkpoint': path.name,
            'forward_passes': passes.get(name, 0),
            **facts[name],
        }
        genotype = Genotype(chosen.space, chosen.cells, provenance)
        file = Path(work_dir) / SELECTED / f'{name}.json'
        save_genotype(genotype, file)
        found.append(Selection(name, genotype, space.format(genotype), passes.get(name, 0), file))
    return found


def _not_observed(name: str, path: Path) -> InvalidValueError:
    return InvalidValueError(
        f'--criterion {name}: the search has not observed for it, so {path.name} holds no scores; '
        'search with it in default_hooks.selector.compare, or choose Magnitude or LossChange'
    )


def _panel(selector: Mapping[str, Any], names: Sequence[str], batches: int | None) -> Panel:
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
    return Panel(configs[0], configs[1:], selector.get('window', 1), selector.get('derivation'))


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


def _names(judges: Sequence[EvaluatingCriterion]) -> set[str]:
    return {type(judge).__name__ for judge in judges}


def _evaluate(judge: EvaluatingCriterion, opened: OpenSearch, state: ArchState) -> int:
    number = judge.num_batches(len(opened.loader))
    probe = SupernetProbe(
        opened.searcher, opened.read(number), opened.tune, opened.tune.weight_batches
    )
    judge.evaluate(probe, state)
    return probe.forward_passes
