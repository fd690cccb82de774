"""What a stage takes over from the one before, where it does not start anew."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from ostrdet.engine.checkpoint import latest_checkpoint, read_checkpoint
from ostrdet.engine.widening import Growth, grown, growth
from ostrdet.errors import UnknownNameError
from ostrdet.models.unwrap import searcher_of
from ostrdet.registry import HOOKS, nearest

WEIGHTS, ALPHAS = PARTS = ('weights', 'alphas')
WRAPPER, SUPERNET = 'supernet.module.', 'supernet.'


@HOOKS.register_module()
class CarryHook(Hook):
    """Starts a search from the last checkpoint of another, whose layers may be narrower.

    The state of the optimizers goes along: of SGD the momenta, which grow as their weights do, of Adam the
    moments. A candidate that an edge has no more leaves nothing behind; its alpha is 0. Rates are those
    of the config. A run that is resumed has all that in its own checkpoint, and is left alone.

    Args:
        source: The work dir of the other search.
        parts: 'weights' and 'alphas', or one of them; each with its optimizer.

    Raises:
        UnknownNameError: If a part is unknown.
    """

    priority = 'VERY_HIGH'

    def __init__(self, source: str, parts: Sequence[str] = PARTS) -> None:
        for part in parts:
            if part not in PARTS:
                raise UnknownNameError(f"carry: '{part}'. {nearest(part, PARTS)}")
        self.source, self.parts = source, tuple(parts)

    def before_train(self, runner: Runner) -> None:
        """Take over what the config says.

        Raises:
            FileNotFoundError: If the other search has left no checkpoint.
            InvalidValueError: If its weights don't fit.
        """
        if runner._resume:
            return
        path = latest_checkpoint(self.source)
        if path is None:
            raise FileNotFoundError(
                f"carry: '{self.source}' holds no checkpoint; run that stage first"
            )
        content, searcher = read_checkpoint(path), searcher_of(runner)
        state = {k.replace(WRAPPER, SUPERNET): v for k, v in content['state_dict'].items()}
        optimizers = content['optimizer']
        if WEIGHTS in self.parts:
            network = searcher.bare_supernet
            old = {k.removeprefix(SUPERNET): v for k, v in state.items() if k.startswith(SUPERNET)}
            optimizer = runner.optim_wrapper[WEIGHTS].optimizer
            take_weights(network, old, optimizer, optimizers[WEIGHTS], runner.seed)
        if ALPHAS in self.parts:
            take_alphas(searcher, state, runner.optim_wrapper['arch'].optimizer, optimizers['arch'])
        runner.logger.info(f'took {" and ".join(self.parts)} from {path}')


@torch.no_grad()
def take_weights(
    network: nn.Module,
    old: Mapping[str, Tensor],
    optimizer: torch.optim.Optimizer,
    optimizer_state: Mapping[str, Any],
    seed: int,
) -> None:
    """Set the weights of a network, its buffers, and the state of their optimizer.

    Args:
        network: The supernet, as wide as the old one or wider, with as many candidates or fewer.
        old: The state dict of the old one.
        optimizer: That of ``network``.
        optimizer_state: The state dict of the old one's.
        seed: Of the channels that are copied.
    """
    plan = growth(network, old, seed)
    for name, value in (*network.named_parameters(), *network.named_buffers()):
        value.copy_(grown(old[name], plan[name]))
    kinds = {name.rpartition('.')[2] for name, _ in network.named_buffers()}
    names = [name for name in old if name.rpartition('.')[2] not in kinds]
    states = dict(zip(names, _states(optimizer_state, len(names)), strict=True))
    for name, weight in network.named_parameters():
        if states[name]:
            optimizer.state[weight] = _like(weight, old[name], states[name], plan[name])


@torch.no_grad()
def take_alphas(
    searcher: Any,
    old: Mapping[str, Tensor],
    optimizer: torch.optim.Optimizer,
    optimizer_state: Mapping[str, Any],
) -> None:
    """Set alpha and beta, and the state of their optimizer; 0 where an edge lacks a candidate.

    Args:
        searcher: The searcher.
        old: The state dict of the old one.
        optimizer: That of alpha and beta.
        optimizer_state: The state dict of the old one's.
    """
    own = dict(searcher.named_parameters(recurse=False))
    names = {id(value): name for name, value in own.items()}
    parameters = searcher.arch_parameters
    states = _states(optimizer_state, len(parameters))
    for parameter, state in zip(parameters, states, strict=True):
        name = names[id(parameter)]
        parameter.copy_(old[name])
        if state:
            optimizer.state[parameter] = _like(parameter, old[name], state, ())
        absent = getattr(searcher, f'absent_{name.removeprefix("alpha_")}', None)
        if name.startswith('alpha_') and absent is not None:
            for value in (parameter, *optimizer.state.get(parameter, {}).values()):
                if isinstance(value, Tensor) and value.shape == absent.shape:
                    value.masked_fill_(absent, 0.0)


def _states(state: Mapping[str, Any], count: int) -> Iterable[Mapping[str, Any]]:
    """What an optimizer kept of every parameter, in order."""
    order = [index for group in state['param_groups'] for index in group['params']]
    assert len(order) == count, 'an optimizer holds every parameter once'
    return [state['state'].get(index, {}) for index in order]


def _like(weight: Tensor, old: Tensor, state: Mapping[str, Any], indices: Growth) -> dict[str, Any]:
    """What an optimizer kept of a parameter, in the shape that the parameter has now."""

    def own(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if value.shape != old.shape:
            return value.clone()  # a count of steps, which stays on the CPU
        return grown(value, indices).to(weight.device, copy=True)

    return {key: own(value) for key, value in state.items()}
