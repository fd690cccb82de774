"""The stop rules of one search: the first that is met ends it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.registry import STOP_RULES, build
from ostrdet.selection.stop_rules.base import KEY, EpochView, StopRule, Verdict
from ostrdet.spaces import SearchSpace


class StopRules:
    """Stop rules by the name of their type.

    Args:
        rules: A config of each.
        patience: Short for a further ``StableCell``; None for none.

    Raises:
        UnknownNameError: If a type is unknown; the nearest name is offered.
        InvalidValueError: If a type stands twice.
    """

    def __init__(
        self, rules: Sequence[Mapping[str, Any]] = (), patience: int | None = None
    ) -> None:
        if patience is not None:
            rules = [*rules, {'type': 'StableCell', 'patience': patience}]
        self.rules: dict[str, StopRule] = {}
        for cfg in rules:
            rule = build(STOP_RULES, cfg)
            if self.rules.setdefault(type(rule).__name__, rule) is not rule:
                raise InvalidValueError(
                    f'{KEY} has {type(rule).__name__} twice, of which default_hooks.selector.patience '
                    'is short for StableCell; name each once'
                )

    def check(self, space: SearchSpace, criteria: Mapping[str, Any], is_one_level: bool) -> None:
        """As in :class:`StopRule`, for all of them."""
        for rule in self.rules.values():
            rule.check(space, criteria, is_one_level)

    def observe(self, view: EpochView) -> None:
        """Show the end of an epoch to every rule."""
        for rule in self.rules.values():
            rule.observe(view)

    def verdict(self) -> Verdict | None:
        """That of the first rule that is met; None to go on."""
        found = (rule.verdict() for rule in self.rules.values())
        return next((verdict for verdict in found if verdict is not None), None)

    def state_dict(self) -> dict[str, Any]:
        """The state of every rule."""
        return {name: rule.state_dict() for name, rule in self.rules.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it back; a rule that the state does not know starts anew."""
        for name in self.rules.keys() & state.keys():
            self.rules[name].load_state_dict(state[name])
