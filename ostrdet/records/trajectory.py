"""What a search writes: one line per epoch, and a genotype file per epoch."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ostrdet.errors import InvalidTypeError, InvalidValueError
from ostrdet.records.epoch_record import EpochRecord, check_types
from ostrdet.records.files import FRONT, GENOTYPE, GENOTYPES, TRAJECTORY
from ostrdet.structures import Genotype, save_genotype

Line = Mapping[str, Any]
#: What every release has written.
NEEDED = ('epoch', 'genotypes', 'scores')
DEFAULTS: Line = {'benchmark': None, 'losses': {}, 'progress': {}}


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
            kept = [text + b'\n' for text, line in _parsed(self.path) if line['epoch'] <= epoch]
            self.path.write_bytes(b''.join(kept))
        kept_files = {self._genotype_file(done) for done in range(1, epoch + 1)}
        for file in {*self.work_dir.glob(f'{GENOTYPES}/epoch_*.json')} - kept_files:
            file.unlink()
        if genotype is None:
            (self.work_dir / GENOTYPE).unlink(missing_ok=True)
        else:
            save_genotype(genotype, self.work_dir / GENOTYPE)

    def _set_aside(self) -> None:
        for path in (self.path, self.work_dir / GENOTYPE, self.work_dir / FRONT):
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
        InvalidValueError: If another line is damaged, or a field of any line is of another type than
            :class:`~ostrdet.records.epoch_record.EpochRecord` tells, with the number of the line.
    """
    return [line for _, line in _parsed(path)]


def _parsed(path: Path) -> Iterator[tuple[bytes, Line]]:
    """The lines of a trajectory, each as it stands there and as plain values."""
    texts = path.read_bytes().splitlines()
    for number, text in enumerate(texts, start=1):
        try:
            line = _parse(text)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            if number == len(texts):
                return  # torn off by a crash
            raise _damaged(path, number, repr(error)) from None
        try:
            check_types(line)
        except InvalidTypeError as error:
            raise _damaged(path, number, str(error)) from None
        yield text, line


def _parse(text: bytes) -> Line:
    line = json.loads(text.decode('utf-8'))
    return {**DEFAULTS, **line, **{key: line[key] for key in NEEDED}}


def _damaged(path: Path, number: int, why: str) -> InvalidValueError:
    return InvalidValueError(
        f'{path}, line {number}: not the line of an epoch ({why}); restore the file, or leave this '
        'search out'
    )
