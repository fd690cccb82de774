"""The supernet of a searcher, opened to criteria that evaluate it."""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce, is_distributed
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers.mix import in_mode, kept_generators
from ostrdet.models.searchers.statistics import averaging, fresh_buffers
from ostrdet.models.weightings import MixWeights
from ostrdet.structures.decisions import Decisions
from ostrdet.structures.probe import Measured, Place, Probe

#: Forward passes of a first-order step of the search, a backward pass being two.
PASSES_OF_STEP = 6
#: Minibatches over which statistics are taken anew.
CALIBRATION = 8
#: Names of weights of candidates: index of the layer, the edge and the candidate.
CANDIDATE = re.compile(r'skeleton\.layers\.(\d+)\.edges\.(\d+)\.(?:mixed_op\.)*candidates\.(\d+)\.')


class SupernetProbe(Probe):
    """Losses of a supernet on fixed minibatches, with the statistics of each minibatch.

    Args:
        searcher: The searcher; its mix without a draw gives the weights of edges.
        batches: Minibatches of the architecture half, normalised.
        tune: Trains a searcher for so many epochs and returns the steps taken, for fine-tuning.
        calibrate: Reads so many minibatches of the half that trains the weights, or all if there are
            fewer, for statistics.
    """

    def __init__(
        self,
        searcher: Any,
        batches: Sequence[Batch],
        tune: Callable[[Any, int], int] | None = None,
        calibrate: Callable[[int], Sequence[Batch]] | None = None,
    ) -> None:
        self.searcher, self.batches, self.tune = searcher, batches, tune
        self.calibrate = calibrate
        self._calibration: Sequence[Batch] | None = None
        self._is_copy = False
        self.space, self.num_classes = searcher.space, searcher.bare_supernet.num_classes
        self.num_batches, self.forward_passes = len(batches), 0

    @torch.no_grad()
    def measure(
        self,
        op_weights: Mapping[str, Tensor],
        batches: Sequence[int] | None = None,
        statistics: str = 'batch',
    ) -> Measured:
        """As in :class:`Probe`."""
        mix = self._mix(op_weights)
        asked = self.batches if batches is None else [self.batches[index] for index in batches]
        network = self.searcher.bare_supernet  # in evaluation mode after a validation
        with kept_generators(asked[0].images):
            buffers = self._recalibrated(mix) if statistics == 'recalibrated' else {}
            with in_mode(network, training=statistics == 'batch'):
                found = [
                    _judged(self.searcher.mix_logits(batch, mix, buffers), batch) for batch in asked
                ]
        self.forward_passes += len(found)
        judged_2B = torch.stack(found, dim=-1)
        all_reduce(judged_2B, op='mean')  # all processes judge alike
        return Measured(*judged_2B.to('cpu', torch.float64))

    def _recalibrated(self, mix: Mapping[str, MixWeights]) -> dict[str, Tensor]:
        """Buffers with the statistics of ``mix`` alone."""
        if self._calibration is None:
            assert self.calibrate is not None, 'recalibration needs minibatches'
            self._calibration = self.calibrate(CALIBRATION)
        network = self.searcher.bare_supernet
        buffers = fresh_buffers(network)
        with averaging(network), in_mode(network, training=True):
            for batch in self._calibration:
                self.searcher.mix_logits(batch, mix, buffers)
        self.forward_passes += len(self._calibration)
        return buffers

    def finetune(self, decisions: Decisions, epochs: int) -> dict[str, Tensor]:
        """As in :class:`Probe`."""
        if self.tune is None or is_distributed():
            raise InvalidValueError(
                'default_hooks.selector: fine-tuning between decisions trains a copy in one process; '
                'search first, and choose by tools/select.py'
            )
        if not self._is_copy:
            self.searcher, self._is_copy = deepcopy(self.searcher), True
        self.searcher.decide(decisions)
        self.forward_passes += PASSES_OF_STEP * self.tune(self.searcher, epochs)
        return {name: weights.op_weights.detach() for name, weights in self.searcher.mix().items()}

    def weights(self) -> dict[str, tuple[Place | None, Tensor]]:
        """As in :class:`Probe`."""
        network = self.searcher.bare_supernet
        layers, found = network.skeleton.plan.layers, {}
        for name, weight in network.named_parameters():
            if weight.dim() > 1:
                match = CANDIDATE.match(name)
                layer, edge, op = map(int, match.groups()) if match else (0, 0, 0)
                found[name] = Place(layers[layer].cell_type, edge, op) if match else None, weight
        return found

    def _mix(self, op_weights: Mapping[str, Tensor]) -> dict[str, MixWeights]:
        return {
            name: weights._replace(op_weights=op_weights[name], active=_active(op_weights[name]))
            for name, weights in self.searcher.mix().items()
        }


def _judged(logits: Tensor, batch: Batch) -> Tensor:
    """Loss and accuracy in percent, shape (2,)."""
    hits = (logits.argmax(dim=-1) == batch.labels).to(logits.dtype)
    return torch.stack([F.cross_entropy(logits, batch.labels), 100 * hits.mean()])


def _active(weights_EO: Tensor) -> Tensor | None:
    active_EO = (weights_EO != 0).cpu()
    return None if active_EO.all() else active_EO
