"""Stages of a search: each is the config of the one before, with overrides and fewer candidates."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from mmengine.config import Config

from ostrdet.errors import (
    InvalidTypeError,
    InvalidValueError,
    UnknownNameError,
    UserError,
    one_line,
)
from ostrdet.records.stages import stage_folder
from ostrdet.registry import nearest
from ostrdet.selection import PAPER_CRITERIA, Panel
from ostrdet.settings.components import TOP_LEVEL
from ostrdet.settings.load import check_contents
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.candidates import best_candidates, check_keep
from ostrdet.structures.config_tree import innermost, value_at

#: By cell type, scores of the candidates of every edge, (E, O).
Scores = Mapping[str, Sequence[Sequence[float]]]
#: How many candidates of every edge a stage keeps, or groups, of each of which it keeps the best.
KEEP = 'keep'
#: What a stage goes on with from the one before: True for all, or a list of 'weights' and 'alphas'.
CARRY = 'carry'
CARRIED = ('weights', 'alphas')
#: Of a supernet, what may change under weights that are carried on.
MAY_CHANGE = ('mixed_op', 'engine', 'with_cp', 'compile_cells')
OWN = (KEEP, CARRY)
#: Keys of the whole search, which no stage has for itself.
WHOLE = ('stages', 'work_dir', 'load_from', 'resume', 'custom_imports')
#: What tells the classes of a data set.
CLASSES = ('type', 'classes', 'metainfo')


def stage_config(
    cfg: Config, before: Config | None, number: int, scores: Scores | None = None
) -> Config:
    """The config of a stage, which is that of a search of its own.

    Args:
        cfg: The config with all ``stages``.
        before: The config of the stage before; None for the first.
        number: Of the stage, from 1.
        scores: Those that decided at the end of the stage before; None takes the first candidates,
            which will do for a check.
    """
    stage = _merged(cfg, before, number)
    _keep_best(cfg, stage, number, scores)
    _set_carry(cfg, stage, number)
    return stage


def stage_configs(cfg: Config) -> list[Config]:
    """The configs of all stages before any has run, with the first candidates of every edge."""
    found: list[Config] = []
    for number in range(1, len(cfg.stages) + 1):
        found.append(stage_config(cfg, found[-1] if found else None, number))
    return found


def check_stages(cfg: Config, check: Callable[[Config], None]) -> None:
    """Check all stages before the first one runs.

    Args:
        cfg: A checked config with ``stages``.
        check: What checks the config of a search.

    Raises:
        InvalidTypeError: If ``stages`` is no list of dicts.
        InvalidValueError: If it is empty, a stage changes nothing, keeps more candidates than there
            are, changes the classes of the data, or can't choose among what it keeps.
        UnknownNameError: If nothing reads a key of a stage.
    """
    _check_list(cfg.stages)
    before: Config | None = None
    for number in range(1, len(cfg.stages) + 1):
        with _named(f'stages.{number - 1}'):
            _check_entry(cfg, number)
            stage = _merged(cfg, before, number)
            check_contents(stage)
            check(stage)
            _check_classes(cfg if before is None else before, stage)
            _check_keep(cfg, before, stage, number)
            _check_carry(cfg, before, stage, number)
            _keep_best(cfg, stage, number, None)
            _check_selector(stage, _entry(cfg, number).get(KEEP))
        before = stage


def _merged(cfg: Config, before: Config | None, number: int) -> Config:
    """The config of the stage before with the overrides of a stage; weights start anew."""
    stage = deepcopy(cfg if before is None else before)
    if before is not None or cfg.get('resume'):
        stage.load_from = None
    stage.resume = False
    stage.pop('stages', None)
    overrides = {
        key: deepcopy(value) for key, value in _entry(cfg, number).items() if key not in OWN
    }
    try:
        stage.merge_from_dict(overrides)
    except (KeyError, TypeError) as error:
        raise InvalidValueError(str(error.args[0])) from error
    stage.work_dir = str(stage_folder(cfg.work_dir, number))
    return stage


def _keep_best(cfg: Config, stage: Config, number: int, scores: Scores | None) -> None:
    """Take the candidates from the space of a stage that it does not keep."""
    keep = _entry(cfg, number).get(KEEP)
    if keep is None:
        return
    space = _space(stage)
    selectable, found = space.selectable_ops, {}
    for name, spec in space.cells.items():
        rows = scores[name] if scores else [[0.0] * len(space.ops)] * len(spec.edges)
        edges = [dict(zip(space.ops, row, strict=True)) for row in rows]
        found[name] = [
            best_candidates(ops, [row[op] for op in ops], selectable, keep)
            for row, ops in zip(edges, _candidates(space, name), strict=True)
        ]
    stage.model.supernet.space.candidates = found


def _set_carry(cfg: Config, stage: Config, number: int) -> None:
    """Let a stage start from the last checkpoint of the one before, if it says so."""
    stage.default_hooks.pop(CARRY, None)  # which the stage before may have had
    if parts := _parts(cfg, number):
        source = str(stage_folder(cfg.work_dir, number - 1))
        stage.default_hooks[CARRY] = {'type': 'CarryHook', 'source': source, 'parts': list(parts)}


def _parts(cfg: Config, number: int) -> tuple[Any, ...]:
    found = _entry(cfg, number).get(CARRY, False)
    if isinstance(found, bool):
        return CARRIED if found else ()
    return tuple(found) if isinstance(found, list | tuple) else (found,)


def _candidates(space: SearchSpace, cell: str) -> list[tuple[str, ...]]:
    return [space.ops_of(cell, edge) for edge in range(len(space.cells[cell].edges))]


def _space(cfg: Config) -> SearchSpace:
    found = _at(cfg, 'model.supernet.space')
    if not isinstance(found, Mapping):
        raise InvalidValueError(
            f'model.supernet.space={found!r}, expected the dict of a search space, which stages share'
        )
    return build_space(found)


def _at(cfg: Config, key: str) -> Any:
    return value_at(cfg.to_dict(), key)


def _entry(cfg: Config, number: int) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = cfg.stages[number - 1]
    return entry


def _check_list(stages: Any) -> None:
    if not isinstance(stages, list | tuple) or not all(isinstance(s, Mapping) for s in stages):
        raise InvalidTypeError(
            f'stages={stages!r}, expected a list of dicts: the overrides of every stage, such as '
            '[dict(), dict(keep=3)]'
        )
    if not stages:
        raise InvalidValueError(
            'stages=[], expected a dict of overrides per stage; leave the key out for one search'
        )


def _check_entry(cfg: Config, number: int) -> None:
    entry = _entry(cfg, number)
    if not entry and number > 1:
        raise InvalidValueError(
            'this stage is empty, so it would repeat the one before; give it keep=K or overrides'
        )
    if number == 1 and KEEP in entry:
        raise InvalidValueError(
            f'{KEEP}={entry[KEEP]!r}, but the first stage has none before it whose scores it could '
            'keep by; leave it out'
        )
    if number == 1 and CARRY in entry:
        raise InvalidValueError(
            f'{CARRY}={entry[CARRY]!r}, but the first stage has none before it; leave it out'
        )
    known = {*cfg, *TOP_LEVEL, *OWN}
    for name in (key.partition('.')[0] for key in entry):
        if name in WHOLE:
            raise InvalidValueError(f"'{name}' is of the whole search; set it beside stages")
        if name not in known:
            raise UnknownNameError(f"config key '{name}' is unknown. {nearest(name, known)}")


def _check_classes(before: Config, stage: Config) -> None:
    """Check that a stage searches on the classes of the one before."""
    for key, was, found in _classes(before, stage):
        if was != found:
            raise InvalidValueError(
                f'{key}={found!r}, but the stage before has {was!r}; all stages search on the same '
                'classes'
            )


def _classes(before: Config, stage: Config) -> Iterator[tuple[str, Any, Any]]:
    key = 'model.supernet.num_classes'
    yield key, _at(before, key), _at(stage, key)
    was, found = (innermost(_at(cfg, 'train_dataloader.dataset')) or {} for cfg in (before, stage))
    for key in CLASSES:
        yield f'train_dataloader.dataset.{key}', was.get(key), found.get(key)


def _check_keep(cfg: Config, before: Config | None, stage: Config, number: int) -> None:
    """Check that there are so many candidates, and that the scores before are those of the space."""
    keep = _entry(cfg, number).get(KEEP)
    if keep is None or before is None:
        return
    old, space = _space(before), _space(stage)
    if (old.cells, old.ops, old.candidates) != (space.cells, space.ops, space.candidates):
        raise InvalidValueError(
            f'{KEEP}={keep!r} beside another model.supernet.space, but the scores of the stage before '
            'are of its own cells, operations and candidates; leave one of the two out'
        )
    check_keep(keep, [ops for name in space.cells for ops in _candidates(space, name)])
    start, end = (_at(before, f'train_cfg.{key}') for key in ('arch_start_epoch', 'max_epochs'))
    if start is not None and end is not None and start >= end:
        raise InvalidValueError(
            f'{KEEP}={keep}, but alpha does not move in the stage before, as its '
            f'train_cfg.arch_start_epoch={start} of max_epochs={end}; let it start earlier'
        )


def _check_carry(cfg: Config, before: Config | None, stage: Config, number: int) -> None:
    """Check that there is something to carry on, and that it fits."""
    parts = _parts(cfg, number)
    for part in parts:
        if part not in CARRIED:
            raise UnknownNameError(f"{CARRY}: '{part}' is unknown. {nearest(str(part), CARRIED)}")
    if not parts or before is None:
        return
    key = 'model.supernet'
    was, found = (
        {k: v for k, v in (_at(cfg, key) or {}).items() if k not in MAY_CHANGE}
        for cfg in (before, stage)
    )
    for name in sorted({*was, *found}):
        if was.get(name) != found.get(name):
            raise InvalidValueError(
                f'{CARRY} beside another {key}.{name}, but what is carried on must fit; the candidates '
                'may become fewer by keep=K, and mixed_op.k smaller'
            )
    less, more = (_at(cfg, f'{key}.mixed_op.k') for cfg in (stage, before))
    if less is not None and more is not None and less > more:
        raise InvalidValueError(
            f'{CARRY} beside {key}.mixed_op.k={less}, but the stage before has {more}, so layers would '
            f'shrink; expected 1 to {more}'
        )


def _check_selector(stage: Config, keep: Any) -> None:
    """Check that what decides can do so among the candidates of a stage."""
    selector, space = stage.default_hooks.selector, _space(stage)
    compare, window = selector.get('compare', PAPER_CRITERIA), selector.get('window', 1)
    panel = Panel(selector.get('criterion'), compare, window, selector.get('derivation'))
    panel.check_derivation(space)
    if keep == 2 and panel.criteria[panel.chosen].ties_on_pairs:
        raise InvalidValueError(
            f"{KEEP}=2, but default_hooks.selector.criterion.type='{panel.chosen}' can't tell two "
            "candidates apart; keep 3, or use 'LossChange', 'PruningSaliency' or 'Magnitude'"
        )
    panel.check_pairs(space)


@contextmanager
def _named(key: str) -> Iterator[None]:
    """Let errors of the user name the stage."""
    try:
        yield
    except UserError as error:
        raise type(error)(f'{key}: {one_line(error)}') from error
