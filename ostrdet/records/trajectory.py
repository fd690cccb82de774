"""What a search writes: one line per epoch, and a genotype file per epoch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ostrdet.structures import ArchState, Genotype, save_genotype

Rows = Mapping[str, list[list[float]]]


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


class Trajectory:
    """The files of a search in its work dir.

    Args:
        work_dir: The folder; it is made when something is written.
    """

    def __init__(self, work_dir: str | Path) -> None:
        self.work_dir = Path(work_dir)
        self.path = self.work_dir / 'trajectory.jsonl'

    def rewind(self, epoch: int, genotype: Genotype | None) -> None:
        """Drop what was written after ``epoch``, which a resumed run writes again.

        A run that starts from nothing where another has been, as its checkpoints are gone, repeats
        nothing for sure: what is there becomes ``*.old``.

        Args:
            epoch: Epochs done.
            genotype: What was chosen last by then, for ``genotype.json``.
        """
        if epoch == 0:
            self._set_aside()
        if self.path.is_file():
            lines = self.path.read_text(encoding='utf-8').splitlines()
            kept = [f'{line}\n' for line in lines if _epoch_of(line) <= epoch]
            self.path.write_text(''.join(kept), encoding='utf-8')
        kept_files = {self._genotype_file(done) for done in range(1, epoch + 1)}
        for file in {*self.work_dir.glob('genotypes/epoch_*.json')} - kept_files:
            file.unlink()
        if genotype is None:
            (self.work_dir / 'genotype.json').unlink(missing_ok=True)
        else:
            save_genotype(genotype, self.work_dir / 'genotype.json')

    def _set_aside(self) -> None:
        for path in (self.path, self.work_dir / 'genotype.json'):
            if path.is_file() and path.stat().st_size:
                path.replace(path.with_name(path.name + '.old'))

    def append(self, record: EpochRecord, genotype: Genotype | None) -> None:
        """Write the line of an epoch, and its genotype in ``genotypes/`` and ``genotype.json``."""
        self.work_dir.mkdir(parents=True, exist_ok=True)
        if genotype is not None:
            save_genotype(genotype, self._genotype_file(record.epoch))
            save_genotype(genotype, self.work_dir / 'genotype.json')
        with self.path.open('a', encoding='utf-8') as stream:
            stream.write(json.dumps(asdict(record)) + '\n')

    def _genotype_file(self, epoch: int) -> Path:
        return self.work_dir / 'genotypes' / f'epoch_{epoch:03d}.json'


def _epoch_of(line: str) -> float:
    try:
        return float(json.loads(line)['epoch'])
    except (ValueError, KeyError, TypeError):  # the line that a crash cut off
        return float('inf')
