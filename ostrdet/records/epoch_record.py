"""The schema of a line of ``trajectory.jsonl``, and the check of a line against it."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from ostrdet.errors import InvalidTypeError
from ostrdet.structures import ArchState

Rows = Mapping[str, list[list[float]]]
WORDS = {int: 'an integer', float: 'a number', str: 'a text', list: 'a list', Mapping: 'a mapping'}


@dataclass(frozen=True)
class EpochRecord:
    """A line of ``trajectory.jsonl``: what is known at the end of an epoch.

    Attributes:
        epoch: Epochs done, from 1.
        alphas: Architecture parameters by cell type, (E, O) as nested lists.
        op_weights: Weights of the candidates, likewise.
        edge_weights: Weights of the edges by cell type, (E,), or None without edge normalisation.
        scores: By criterion, then by cell type, (E, O); None while a criterion saw no gradient.
        genotypes: By criterion, as text; None likewise.
        benchmark: By criterion, test accuracies in percent by data set; None without a table, or
            where the table lacks the cell.
        skipped: By criterion, minibatches of the epoch left out since they were not finite.
        val_accuracy: Top-1 accuracy of the supernet on the architecture half, in percent, or None.
        stable_epochs: Epochs since the chosen genotype last changed.
        seconds: Wall time of the epoch.
        losses: Means over the epoch on the main process: ``loss`` of the weights, and ``arch_loss``
            once alpha moves; cross-entropy in nats.
        progress: Numbers of the model that follow the epoch, such as 'GumbelWeighting.tau'.
    """

    epoch: int
    alphas: Rows
    op_weights: Rows
    edge_weights: Mapping[str, list[float] | None]
    scores: Mapping[str, Rows | None]
    genotypes: Mapping[str, str | None]
    benchmark: Mapping[str, Mapping[str, float] | None] | None
    skipped: Mapping[str, int]
    val_accuracy: float | None
    stable_epochs: int
    seconds: float
    losses: Mapping[str, float] = field(default_factory=dict)
    progress: Mapping[str, float] = field(default_factory=dict)


KINDS = get_type_hints(EpochRecord)


def state_rows(state: ArchState) -> dict[str, Any]:
    """The fields of :class:`EpochRecord` that a state holds."""
    return {
        'alphas': rows(state.alphas),
        'op_weights': rows(state.op_weights),
        'edge_weights': rows(state.edge_weights),
    }


def rows(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors by name as nested lists; None stays None."""
    return {name: None if t is None else t.tolist() for name, t in tensors.items()}


def check_types(line: Mapping[str, Any]) -> None:
    """Check the fields that a line has against the annotations of :class:`EpochRecord`.

    Raises:
        InvalidTypeError: If a value is of another type, or the rows of a matrix differ in length.

    Examples:
        >>> check_types({'epoch': 1, 'scores': {'Magnitude': None}, 'alphas': {'cell': [[0.5, 1]]}})
        >>> check_types({'epoch': '1'})
        Traceback (most recent call last):
        ostrdet.errors.InvalidTypeError: epoch='1', expected an integer
    """
    for name, kind in KINDS.items():
        if name in line:
            _check(line[name], kind, name)


def _check(value: Any, kind: Any, path: str) -> None:
    """Check a value, and what it holds; ``path`` is its dotted key, for the message."""
    if NoneType in get_args(kind):
        if value is None:
            return
        kind = get_args(kind)[0]
    plain = get_origin(kind) or kind
    if not _is_a(value, plain):
        raise InvalidTypeError(f'{path}={reprlib.repr(value)}, expected {WORDS[plain]}')
    if plain is Mapping:
        for key, item in value.items():
            _check(item, get_args(kind)[1], f'{path}.{key}')
    elif plain is list:
        for index, item in enumerate(value):
            _check(item, get_args(kind)[0], f'{path}[{index}]')
        if len({len(item) for item in value if isinstance(item, list)}) > 1:
            raise InvalidTypeError(f'{path} has rows of several lengths')


def _is_a(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return False  # which is an int in Python
    return isinstance(value, (float, int) if kind is float else kind)
