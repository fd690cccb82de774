"""Registries: children of mmengine's roots, and roots for the axes that only this project has.

A child (``MODELS``, ``HOOKS``, ...) serves what mmengine's ``Runner`` builds. An own root
(``SPACES``, ``OPS``, ...) is built by :func:`build`, which never switches mmengine's default scope,
so that a derived backbone can be built inside mmpretrain and mmdet, and never imports what a name
asks for.
"""

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mmengine import registry as roots
from mmengine.registry import Registry

from ostrdet.errors import InvalidTypeError, UnknownNameError


class _Child(Registry):
    """A registry some of whose members come from modules that take seconds to import.

    Those are imported when a name is asked for that no other module has registered.

    Args:
        late: The modules.
        kwargs: Arguments of ``Registry``.
    """

    def __init__(self, *args: Any, late: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late = tuple(late)

    def get(self, key: str) -> Any:
        """The member ``key``, or None; as in ``Registry``, whatever the order of imports."""
        found = super().get(key)
        if found is None and self.split_scope_key(key)[0] in (None, self.scope):
            for name in self._late:
                importlib.import_module(name)
            found = super().get(key)
        return found


def _child(parent: Registry, *locations: str, late: Sequence[str] = ()) -> Registry:
    return _Child(parent.name, parent=parent, scope='ostrdet', locations=list(locations), late=late)


MODELS = _child(
    roots.MODELS,
    'ostrdet.models',
    'ostrdet.datasets',
    late=['ostrdet.models.mmpretrain_classifier'],
)
DATASETS = _child(roots.DATASETS, 'ostrdet.datasets')
DATA_SAMPLERS = _child(roots.DATA_SAMPLERS, 'ostrdet.datasets')
TRANSFORMS = _child(roots.TRANSFORMS, 'ostrdet.datasets')
METRICS = _child(roots.METRICS, 'ostrdet.evaluation')
HOOKS = _child(roots.HOOKS, 'ostrdet.engine')
LOOPS = _child(roots.LOOPS, 'ostrdet.engine')
RUNNERS = _child(roots.RUNNERS, 'ostrdet.engine')
OPTIM_WRAPPERS = _child(roots.OPTIM_WRAPPERS, 'ostrdet.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(roots.OPTIM_WRAPPER_CONSTRUCTORS, 'ostrdet.engine')
WEIGHT_INITIALIZERS = _child(roots.WEIGHT_INITIALIZERS, 'ostrdet.engine')
VISUALIZERS = _child(roots.VISUALIZERS, 'ostrdet.engine')
# Nothing of ours yet, but mmengine warns where the default scope has no child
EVALUATOR = _child(roots.EVALUATOR, 'ostrdet.evaluation')
FUNCTIONS = _child(roots.FUNCTIONS, 'ostrdet.datasets')
LOG_PROCESSORS = _child(roots.LOG_PROCESSORS, 'ostrdet.engine')
MODEL_WRAPPERS = _child(roots.MODEL_WRAPPERS, 'ostrdet.models')
OPTIMIZERS = _child(roots.OPTIMIZERS, 'ostrdet.engine')
PARAM_SCHEDULERS = _child(roots.PARAM_SCHEDULERS, 'ostrdet.engine')
VISBACKENDS = _child(roots.VISBACKENDS, 'ostrdet.engine')

#: The registry of a config's dict with ``type``, by the key that holds it: those of our own roots.
KEYS: dict[str, Registry] = {}


def _root(name: str, location: str, *keys: str) -> Registry:
    """A root of our own, for the dicts that stand under ``keys`` in configs."""
    registry = Registry(name, scope='ostrdet', locations=[location])
    KEYS.update(dict.fromkeys(keys, registry))
    return registry


SPACES = _root('search space', 'ostrdet.spaces', 'space')
OPS = _root('operation', 'ostrdet.models.ops')  # named in ``space.ops``
WEIGHTINGS = _root('weighting', 'ostrdet.models.weightings', 'weighting')
ARCH_UPDATES = _root('arch update', 'ostrdet.models.arch_updates', 'arch_update')
REGULARIZERS = _root('regularizer', 'ostrdet.models.regularizers', 'regularizers')
PERTURBATIONS = _root('perturbation', 'ostrdet.models.perturbations', 'perturbation')
CRITERIA = _root('criterion', 'ostrdet.selection', 'criterion', 'compare')
DERIVATIONS = _root('derivation', 'ostrdet.selection', 'derivation')
PROXIES = _root('proxy', 'ostrdet.evaluation.proxies', 'proxy')
STOP_RULES = _root('stop rule', 'ostrdet.selection', 'stop')

#: Values that a message lists.
SHOWN = 3


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """The second half of an error message: the nearest known name, and all of them.

    Names that differ in case, hyphens and underscores alone are the same to a reader.

    Args:
        name: What was asked for.
        known: What there is.
        cutoff: Least similarity, in [0, 1], of a name that is offered.

    Examples:
        >>> nearest('DARTS_V2', ['darts_v1', 'darts_v2'])
        "Did you mean 'darts_v2'? Known: darts_v1, darts_v2."
    """
    names = sorted(map(str, known))
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=cutoff)
    folded = {_folded(known_name): known_name for known_name in names}
    alike = difflib.get_close_matches(_folded(str(name)), folded, n=1, cutoff=cutoff)
    if alike and (not close or alike[0] == _folded(str(name))):
        close = [folded[alike[0]]]
    hint = f"Did you mean '{close[0]}'? " if close else ''
    return f'{hint}Known: {", ".join(names)}.'


def some(values: Sequence[Any]) -> str:
    """The first few values as text, and how many more there are.

    Examples:
        >>> some(['a', 'b', 'c', 'd', 'e'])
        "'a', 'b', 'c' and 2 more"
    """
    shown = ', '.join(map(repr, values[:SHOWN]))
    return shown + (f' and {len(values) - SHOWN} more' if len(values) > SHOWN else '')


def _folded(name: str) -> str:
    return name.casefold().replace('-', '_')


def lookup(registry: Registry, name: str) -> Callable[..., Any]:
    """The class or function registered as ``name``, with or without the prefix ``ostrdet.``.

    Raises:
        UnknownNameError: If nothing is registered under that name; the nearest name is offered.
            Unlike ``Registry.get``, a dotted name is never imported.
    """
    key = str(name).removeprefix('ostrdet.')
    if key not in registry.module_dict:
        registry.import_from_location()
    known = registry.module_dict
    if key not in known:
        raise UnknownNameError(f"unknown {registry.name} '{name}'. {nearest(key, known)}")
    target: Callable[..., Any] = known[key]
    return target


def build(registry: Registry, cfg: Mapping[str, Any], **defaults: Any) -> Any:
    """Build ``cfg`` (a dict with ``type``) from ``registry``; ``defaults`` fill the keys it lacks.

    Raises:
        UnknownNameError: If ``type`` is missing or unknown.
        InvalidTypeError: If ``cfg`` is no dict, or a key is not an argument of the type; the
            nearest argument is offered.
    """
    if not isinstance(cfg, Mapping):
        raise InvalidTypeError(
            f"a {registry.name} config is a dict with the key 'type', got {cfg!r}"
        )
    kwargs = {**defaults, **cfg}
    if 'type' not in kwargs:
        raise UnknownNameError(f"a {registry.name} config needs the key 'type', got {dict(cfg)}")
    target = lookup(registry, kwargs.pop('type'))
    check_arguments(target, kwargs, f'{registry.name} {target.__name__}')
    return target(**kwargs)


def check_arguments(target: Callable[..., Any], kwargs: Mapping[str, Any], where: str) -> None:
    """Raise a ``TypeError`` that offers the nearest name if ``target`` does not take ``kwargs``."""
    parameters = inspect.signature(target).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return
    for key in kwargs:
        if key not in parameters:
            raise InvalidTypeError(f"{where} has no argument '{key}'. {nearest(key, parameters)}")
