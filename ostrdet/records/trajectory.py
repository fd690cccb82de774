"""What a search writes: one line per epoch, and a genotype file per epoch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.records.files import GENOTYPE, GENOTYPES, TRAJECTORY
from ostrdet.structures import ArchState, Genotype, save_genotype

Rows = Mapping[str, list[list[float]]]
Line = Mapping[str, Any]
#: What every release has written.
NEEDED = ('epoch', 'genotypes', 'scores')
DEFAULTS: Line = {'benchmark': None, 'losses': {}, 'progress': {}}


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
        self.path = self.work_dir / TRAJECTORY

    def rewind(self, epoch: int, genotype: Genotype | None) -> None:
        """Drop what was written after ``epoch``, which a resumed run writes again.

        A run that starts from nothing where another has been, as its checkpoints are gone, repeats
        nothing for sure: what is there becomes ``*.old``.

        Args:
            epoch: Epochs done.
            genotype: What was chosen last by then, for ``genotype.json``.

        Raises:
            InvalidValueError: If a line is damaged, and not by the crash that ended the run.
        """
        if epoch == 0:
            self._set_aside()
        if self.path.is_file():
            texts = self.path.read_text(encoding='utf-8').splitlines()
            lines = zip(
                texts, read_lines(self.path), strict=False
            )  # of which a torn last one is out
            kept = [f'{text}\n' for text, line in lines if line['epoch'] <= epoch]
            self.path.write_text(''.join(kept), encoding='utf-8')
        kept_files = {self._genotype_file(done) for done in range(1, epoch + 1)}
        for file in {*self.work_dir.glob(f'{GENOTYPES}/epoch_*.json')} - kept_files:
            file.unlink()
        if genotype is None:
            (self.work_dir / GENOTYPE).unlink(missing_ok=True)
        else:
            save_genotype(genotype, self.work_dir / GENOTYPE)

    def _set_aside(self) -> None:
        for path in (self.path, self.work_dir / GENOTYPE):
            if path.is_file() and path.stat().st_size:
                path.replace(path.with_name(path.name + '.old'))

    def append(self, record: EpochRecord, genotype: Genotype | None) -> None:
        """Write the line of an epoch, and its genotype in ``genotypes/`` and ``genotype.json``."""
        self.work_dir.mkdir(parents=True, exist_ok=True)
        if genotype is not None:
            save_genotype(genotype, self._genotype_file(record.epoch))
            save_genotype(genotype, self.work_dir / GENOTYPE)
        with self.path.open('a', encoding='utf-8') as stream:
            stream.write(json.dumps(asdict(record)) + '\n')

    def _genotype_file(self, epoch: int) -> Path:
        return self.work_dir / GENOTYPES / f'epoch_{epoch:03d}.json'


def read_lines(path: Path) -> list[Line]:
    """The lines of a trajectory as plain values; a last one that a crash tore off is left out.

    Keys that an earlier release did not write have their defaults; further ones stay.

    Raises:
        FileNotFoundError: If there is no such file.
        InvalidValueError: If another line is damaged, with its number.
    """
    texts = path.read_text(encoding='utf-8').splitlines()
    lines: list[Line] = []
    for number, text in enumerate(texts, start=1):
        try:
            line = json.loads(text)
            lines.append({**DEFAULTS, **line, **{key: line[key] for key in NEEDED}})
        except (ValueError, LookupError, TypeError) as error:
            if number == len(texts):
                break
            raise InvalidValueError(
                f'{path}, line {number}: not the line of an epoch ({error!r}); restore the file, or '
                'leave this search out'
            ) from None
    return lines
