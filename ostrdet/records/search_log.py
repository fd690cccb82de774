"""What a search wrote into its work dir, read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.evaluation.benchmark_table import BenchmarkTable
from ostrdet.records.files import GENOTYPE, TRAJECTORY
from ostrdet.records.stages import check_one_search
from ostrdet.records.trajectory import read_lines
from ostrdet.registry import nearest
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype, load_genotype

Line = Mapping[str, Any]


@dataclass(frozen=True)
class SearchLog:
    """The trajectory of one search.

    Attributes:
        work_dir: The folder of the search.
        space: What was searched.
        criterion: The one that decided.
        seed: Seed of the search, or None where its genotype does not tell.
        lines: A mapping per epoch, as ``trajectory.jsonl`` holds them; see ``docs/searching.md``.
    """

    work_dir: Path
    space: SearchSpace
    criterion: str
    seed: int | None
    lines: Sequence[Line]

    @property
    def name(self) -> str:
        """How tables and figures call the search: its folder."""
        return self.work_dir.resolve().name

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria that chose a cell in the last epoch; the one that decided comes first."""
        chosen = self.lines[-1]['genotypes']
        return tuple(name for name, text in chosen.items() if text is not None)

    def line(self, epoch: int | None = None) -> Line:
        """The line of an epoch, from 1; of the last one if None.

        Raises:
            InvalidValueError: If the search has no such epoch.
        """
        if epoch is None:
            return self.lines[-1]
        found = [line for line in self.lines if line['epoch'] == epoch]
        if not found:
            raise InvalidValueError(
                f"'{self.work_dir}' has the epochs {self.lines[0]['epoch']} to "
                f'{self.lines[-1]["epoch"]}, not {epoch}; give another --epoch'
            )
        return found[0]

    def genotype(self, criterion: str, epoch: int | None = None) -> Genotype:
        """The cell that ``criterion`` chose in an epoch.

        Raises:
            UnknownNameError: If the search has no such criterion; the nearest name is offered.
            InvalidValueError: If there is no such epoch, or the criterion chose nothing in it.
        """
        line = self.line(epoch)
        if criterion not in line['genotypes']:
            raise UnknownNameError(
                f"'{self.work_dir}' has no criterion '{criterion}'. "
                f'{nearest(criterion, line["genotypes"])}'
            )
        text = line['genotypes'][criterion]
        if text is None:
            raise InvalidValueError(
                f"'{self.work_dir}': {criterion} chose no cell in epoch {line['epoch']}, in which "
                'alpha was frozen; give a later --epoch'
            )
        return self.space.parse(text)

    def accuracy(
        self, line: Line, criterion: str, dataset: str, table: BenchmarkTable | None
    ) -> Any:
        """Test accuracy of a criterion's cell in percent, or None where it is not known.

        Args:
            line: One of ``lines``.
            criterion: One of :attr:`criteria`.
            dataset: A data set of the table.
            table: Where to look; None takes what the search itself looked up.
        """
        text = line['genotypes'][criterion]
        if text is None:
            return None
        if table is not None:
            return table.accuracies(text)[dataset]
        return ((line['benchmark'] or {}).get(criterion) or {}).get(dataset)


def read_log(work_dir: str | Path) -> SearchLog:
    """Read the trajectory of a search; a last line that a crash cut off is left out.

    Raises:
        FileNotFoundError: If ``work_dir`` holds no search that has ended an epoch.
        InvalidValueError: If a file in it is damaged.
    """
    folder, lines = Path(work_dir), lines_of(work_dir)
    if not lines or not (folder / GENOTYPE).is_file():
        raise FileNotFoundError(f"'{folder}': the search has chosen no cell yet; wait for an epoch")
    chosen = load_genotype(folder / GENOTYPE)
    origin = chosen.provenance
    criterion = origin.get('criterion') or next(iter(lines[-1]['genotypes']))
    return SearchLog(folder, build_space(chosen.space), criterion, origin.get('seed'), lines)


def lines_of(work_dir: str | Path) -> list[Line]:
    """The lines of the trajectory of a search.

    Raises:
        FileNotFoundError: If there is no such file.
        InvalidValueError: If a line is damaged, with its number, or the search has stages.
    """
    check_one_search(work_dir)
    path = Path(work_dir) / TRAJECTORY
    if not path.is_file():
        raise FileNotFoundError(
            f"'{path}' does not exist: '{work_dir}' is no work dir of a search; give one that "
            'tools/search.py wrote'
        )
    return read_lines(path)


def read_logs(work_dirs: Sequence[str | Path]) -> list[SearchLog]:
    """Read searches that can be compared.

    Raises:
        FileNotFoundError: As :func:`read_log`.
        InvalidValueError: As :func:`read_log`, or if two of them searched different spaces.
    """
    logs = [read_log(folder) for folder in work_dirs]
    first = logs[0]
    for other in logs[1:]:
        if other.space != first.space:
            raise InvalidValueError(
                f"'{first.work_dir}' searched {first.space.to_config()}, '{other.work_dir}' "
                f'{other.space.to_config()}: give searches of one space'
            )
    return logs


def common_criteria(logs: Sequence[SearchLog]) -> list[str]:
    """The criteria that chose a cell in all of the searches, in the order of the first.

    Raises:
        InvalidValueError: If there is none.
    """
    found = [name for name in logs[0].criteria if all(name in log.criteria for log in logs)]
    if not found:
        by_search = '; '.join(f"'{log.work_dir}': {', '.join(log.criteria)}" for log in logs)
        raise InvalidValueError(
            f'no criterion chose a cell in all of the searches ({by_search}); search with the same '
            'default_hooks.selector.compare'
        )
    return found
