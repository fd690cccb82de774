"""The passes of a search step as CUDA graphs: one launch instead of thousands."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers.mix import frozen, stack_mix
from ostrdet.models.weightings import MixWeights, Weighting

Mix = Mapping[str, MixWeights]
#: The loss of a minibatch by a network under a mix, a differentiable scalar.
Loss = Callable[[nn.Module, Batch, Mix], Tensor]


class GraphedLoss:
    """A loss whose kernels are recorded at the first minibatch of a shape, and replayed from then on.

    The small kernels of a supernet leave a GPU idle while Python launches them; a CUDA graph launches
    all of them at once. The recording runs the network a few times, and leaves the running
    statistics as they were. Each shape keeps the memory of its own graphs.

    Args:
        loss: What is recorded.
        weighting: Gives the mix.

    Raises:
        InvalidValueError: If its draws say anew in every step what is computed.
    """

    def __init__(self, loss: Loss, weighting: Weighting) -> None:
        if weighting.is_hard:
            raise InvalidValueError(
                f'model.cuda_graphs=True: {type(weighting).__name__} draws which candidates are '
                'computed, and a graph computes the same ones in every step; leave it out'
            )
        self.loss, self.weighting = loss, weighting
        self._graphs: dict[Any, Callable[..., Tensor]] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> 'GraphedLoss':
        # The tensors of the copy are others, so it records anew
        return GraphedLoss(deepcopy(self.loss, memo), self.weighting)

    def __call__(self, supernet: nn.Module, batch: Batch, mix: Mix, arch: bool) -> Tensor:
        """As the loss; what autograd computes from it is replayed too.

        Args:
            supernet: The network; its parameters have to stay where they are in memory.
            batch: On a CUDA device.
            mix: Leaves of the graph; all candidates are computed.
            arch: Whether the parameters of the supernet are constants.

        Raises:
            InvalidValueError: If there is no GPU, or the network is distributed.
        """
        _check_one_gpu(supernet, batch.images)
        inputs = (*batch, *stack_mix(mix))
        key = (arch, supernet.training, *((x.shape, x.requires_grad) for x in inputs))
        if key not in self._graphs:
            self._graphs[key] = self._recorded(_Pass(supernet, self.loss, mix), inputs, arch)
        return self._graphs[key](*inputs).clone()  # the next replay writes to the same memory

    def _recorded(
        self, run: '_Pass', inputs: tuple[Tensor, ...], arch: bool
    ) -> Callable[..., Tensor]:
        samples = tuple(x.detach().clone().requires_grad_(x.requires_grad) for x in inputs)
        record: Any = torch.cuda.make_graphed_callables
        # The recording lives on with the stream that it was made on; replays go to the present one
        torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(False)
        constants = frozen(run.supernet) if arch else nullcontext()
        with kept_buffers(run.supernet), constants:
            # Of a module its parameters are differentiated too
            recorded: Callable[..., Tensor] = record(
                run.forward if arch else run, samples, allow_unused_input=True
            )
        return recorded


class _Pass(nn.Module):
    """The loss as a function of tensors alone, and of the parameters of the supernet."""

    def __init__(self, supernet: nn.Module, loss: Loss, mix: Mix) -> None:
        super().__init__()
        self.supernet, self.loss = supernet, loss
        self.has_edges = {name: weights.edge_weights is not None for name, weights in mix.items()}

    def forward(self, images: Tensor, labels: Tensor, *stacked: Tensor) -> Tensor:
        """The loss; ``stacked`` is what ``stack_mix`` gives."""
        ops, edges = iter(stacked), iter(stacked[len(self.has_edges) :])
        mix = {
            name: MixWeights(next(ops), next(edges) if has_edges else None)
            for name, has_edges in self.has_edges.items()
        }
        return self.loss(self.supernet, Batch(images, labels), mix)


def _check_one_gpu(supernet: nn.Module, images: Tensor) -> None:
    if images.is_cuda and not is_model_wrapper(supernet):
        return
    where = 'in several processes' if images.is_cuda else f"on the device '{images.device}'"
    raise InvalidValueError(
        f'model.cuda_graphs=True needs one GPU, but the search runs {where}; leave it out'
    )


@contextmanager
def kept_buffers(module: nn.Module) -> Iterator[None]:
    """Set the buffers back at the end, in place."""
    kept = [(buffer, buffer.clone()) for buffer in module.buffers()]
    try:
        yield
    finally:
        for buffer, value in kept:
            buffer.copy_(value)
