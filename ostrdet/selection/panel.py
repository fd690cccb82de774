"""The criteria of one search side by side: one decides, the others are compared with it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import CRITERIA, DERIVATIONS, build
from ostrdet.selection.base import Criterion
from ostrdet.selection.derivations import Derivation, TopEdges
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.spaces import SearchSpace
from ostrdet.structures import ArchState, ArchStep, Genotype
from ostrdet.structures.budget_front import FrontPoint
from ostrdet.structures.decisions import Decisions, settled

PAPER_CRITERIA = (
    'OperationStrength',
    'OperationStrengthStar',
    'PruningSaliency',
    'AlphaSaliency',
    'Magnitude',
)
Config = Mapping[str, Any]
#: What decides where a config does not say it.
DEFAULT: Config = {'type': 'OperationStrength'}
Scores = Mapping[str, Tensor] | None


class Panel:
    """Criteria by the name of their type, and how their scores become genotypes.

    Args:
        criterion: Config of the criterion that decides; operation strength if None.
        compare: Further criteria, each a type or a config. The one that decides may be among them.
        window: Scores are means over the last so many epochs.
        derivation: Config of the derivation; :class:`TopEdges` if None, and for criteria to be
            compared whose scores are no weights where it needs such.

    Raises:
        UnknownNameError: If a type is unknown; the nearest name is offered.
        InvalidValueError: If a type stands twice in ``compare``.
    """

    def __init__(
        self,
        criterion: Config | None = None,
        compare: Sequence[str | Config] = PAPER_CRITERIA,
        window: int = 1,
        derivation: Config | None = None,
    ) -> None:
        chosen: Criterion = build(CRITERIA, criterion or DEFAULT)
        others = [build(CRITERIA, {'type': c} if isinstance(c, str) else c) for c in compare]
        self.chosen = type(chosen).__name__
        self.criteria: dict[str, Criterion] = {self.chosen: chosen}
        for other in others:
            if self.criteria.setdefault(type(other).__name__, other) not in (other, chosen):
                raise InvalidValueError(
                    f'default_hooks.selector.compare holds {type(other).__name__} twice; name each once'
                )
        for known in self.criteria.values():
            known.window = window
        self.derivation: Derivation = build(DERIVATIONS, derivation or {'type': 'TopEdges'})

    def check_derivation(self, space: SearchSpace) -> None:
        """Refuse a space, or a criterion that decides, which the derivation can't serve.

        Raises:
            InvalidValueError: If it can't.
        """
        self.derivation.check_space(space)
        if self.derivation.needs_probability and not self.criteria[self.chosen].is_probability:
            raise InvalidValueError(
                f'default_hooks.selector.derivation: {type(self.derivation).__name__} keeps operations '
                f'of a certain weight, which {self.chosen} does not give; use criterion Magnitude, or '
                "derivation=dict(type='TopEdges')"
            )

    def check_pairs(self, space: SearchSpace) -> None:
        """Refuse a criterion that decides between two candidates by nothing.

        Raises:
            InvalidValueError: If an edge has just two, and the criterion can't tell them apart.
        """
        if not self.criteria[self.chosen].ties_on_pairs:
            return
        for name, spec in space.cells.items():
            for index, edge in enumerate(spec.edges):
                if len(ops := space.ops_of(name, index)) == 2:
                    raise InvalidValueError(
                        f"default_hooks.selector.criterion.type='{self.chosen}': edge "
                        f"{edge.target}<-{edge.source} of cell '{name}' has the candidates "
                        f'{" and ".join(ops)} alone, whose strengths are equal by definition; use '
                        "'LossChange', 'PruningSaliency' or 'Magnitude'"
                    )

    def check_criteria(self, space: SearchSpace, available: int) -> None:
        """Check the criteria before the search, above all those that evaluate the supernet.

        Args:
            space: The search space.
            available: Minibatches of the half that trains the architecture.

        Raises:
            InvalidValueError: If one cannot judge the space, or wants more minibatches.
        """
        for known in self.criteria.values():
            known.check_space(space)
        for criterion in self.judges:
            if criterion.num_batches(available) > available:
                raise InvalidValueError(
                    f'{type(criterion).__name__}: batches={criterion.batches}, expected at most '
                    f'{available}, the batches of the half that trains the architecture'
                )

    def check_hard(self, weighting: str) -> None:
        """Refuse criteria that a weighting which computes one candidate per edge can't feed.

        Args:
            weighting: Its type, for the message.

        Raises:
            InvalidValueError: If there is one.
        """
        for name, criterion in self.criteria.items():
            if criterion.compares_all:
                raise InvalidValueError(
                    f'{name} compares every candidate with the mixture, but {weighting} computes one '
                    f'per edge: choose criterion Magnitude and leave {name} out of '
                    'default_hooks.selector.compare, or set default_hooks.selector.probe=N, which adds '
                    'a pass with all candidates every N iterations'
                )

    def reset(self) -> None:
        """Begin an epoch."""
        for criterion in self.criteria.values():
            criterion.reset()

    def observe(self, step: ArchStep) -> None:
        """Show an architecture step to every criterion."""
        for criterion in self.criteria.values():
            criterion.observe(step)

    @property
    def decisions(self) -> Decisions:
        """What the criterion that decides has decided about edges; {} for nothing."""
        return self.criteria[self.chosen].decisions

    @property
    def judges(self) -> list[EvaluatingCriterion]:
        """The criteria that evaluate the supernet."""
        return [c for c in self.criteria.values() if isinstance(c, EvaluatingCriterion)]

    def due(self, epoch: int, is_last: bool) -> list[EvaluatingCriterion]:
        """Those that evaluate it at the end of an epoch, counted from 1."""
        return [judge for judge in self.judges if judge.is_due(epoch, is_last)]

    def estimates_due(self, index: int) -> set[str]:
        """The estimates of the Hessian that criteria need in an iteration of an epoch."""
        return {
            criterion.estimate
            for criterion in self.criteria.values()
            if criterion.estimate is not None and index % criterion.interval == 0
        }

    def scores(self, state: ArchState, space: SearchSpace) -> dict[str, Scores]:
        """The scores by criterion, 0 where an edge lacks a candidate; None while there are none."""
        found = {name: _settled(c.scores(state), state) for name, c in self.criteria.items()}
        if space.candidates is None:
            return dict(found)
        present = {name: torch.tensor(space.presence(name)) for name in space.cells}
        return {
            name: by_cell and {cell: s.where(present[cell], 0.0) for cell, s in by_cell.items()}
            for name, by_cell in found.items()
        }

    def select(
        self, name: str, scores: Mapping[str, Tensor], state: ArchState, space: SearchSpace
    ) -> Genotype:
        """The genotype that the scores of a criterion choose, without provenance."""
        criterion, edge_weights = self.criteria[name], self.edge_weights(name, state)
        derive = self.derivation
        if derive.needs_probability and not criterion.is_probability:
            derive = TopEdges(derive.max_edges)
        return derive(space, scores, edge_weights, criterion.tie_rtol)

    def front(
        self, name: str, scores: Scores, state: ArchState, space: SearchSpace
    ) -> list[FrontPoint]:
        """What every budget chooses by the scores of a criterion; empty without a budget or scores."""
        if scores is None:
            return []
        weights, tie_rtol = self.edge_weights(name, state), self.criteria[name].tie_rtol
        return self.derivation.front(space, scores, weights, tie_rtol)

    def edge_weights(self, name: str, state: ArchState) -> Mapping[str, Tensor | None] | None:
        """The weights of edges, or sets of them, by cell type, if a criterion ranks by them; else None."""
        if not self.criteria[name].uses_edge_weights:
            return None
        return state.set_weights if self.derivation.ranks_sets else state.edge_weights

    @property
    def has_skipped(self) -> bool:
        """Whether the criterion that decides has left out the last minibatch."""
        return getattr(self.criteria[self.chosen], 'has_skipped', False)

    def skipped(self) -> dict[str, int]:
        """By criterion, minibatches of the epoch left out since they were not finite."""
        return {name: getattr(c, 'skipped', 0) for name, c in self.criteria.items()}

    def state_dict(self) -> dict[str, Any]:
        """The state of every criterion: tensors and plain values."""
        return {name: criterion.state_dict() for name, criterion in self.criteria.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it back; a criterion that the state does not know starts empty."""
        for name in self.criteria.keys() & state.keys():
            self.criteria[name].load_state_dict(state[name])


def _settled(scores: Scores, state: ArchState) -> Scores:
    """Scores with the decisions of the search in them."""
    if scores is None or not state.decisions:
        return scores
    return {name: settled(s, state.decisions[name]) for name, s in scores.items()}
