"""Hooks that others read, by what they are for."""

from typing import Any

from mmengine.runner import Runner


def by_role(runner: Runner) -> dict[str, Any]:
    """The hooks of a run that have a ``role``, by it: 'selector', 'report', 'console' or 'checkpoint'."""
    return {role: hook for hook in runner.hooks if (role := getattr(hook, 'role', None))}
