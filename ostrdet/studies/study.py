"""A study from its file to its tables: what ``tools/study.py`` calls."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ostrdet.analysis.output import Output
from ostrdet.engine.checkpoint import work_dir_lock
from ostrdet.invocation import find_config
from ostrdet.structures.atomic import write_atomically
from ostrdet.studies.console import StudyConsole
from ostrdet.studies.file import Study, read_study
from ostrdet.studies.loop import run_all
from ostrdet.studies.page import study_page
from ostrdet.studies.pairs import compare_groups, pair_rows, pair_table
from ostrdet.studies.plan import DONE, Run, plan, state_of
from ostrdet.studies.pools import LocalPool, Pool
from ostrdet.studies.ray_pool import RayPool
from ostrdet.studies.results import group_results, metric_names, read_results
from ostrdet.studies.tables import PAIRED, csv_rows, notes, run_rows, table, to_latex, to_markdown

PAGE = 'study.html'
INCOMPLETE = 1
#: What a shell reports of a program that a signal ended.
BASE_STATUS = 128


def run_study(
    file: str | Path,
    work_dir: str | Path | None = None,
    resume: bool = False,
    ray: str | None = None,
) -> int:
    """Run what a study lacks, and write its tables and its page.

    Args:
        file: The YAML file.
        work_dir: Where everything goes; ``work_dirs/<name>`` if None.
        resume: Whether to go on in a work dir that holds runs.
        ray: None for this machine alone; else the address of a Ray cluster, or 'local'.

    Returns:
        0 if all runs are done, 1 if some failed for good, 128 + the signal that stopped it.

    Raises:
        FileExistsError: If the work dir holds runs and ``resume`` is false.
        FileNotFoundError: If the file or a config is missing.
        KeyError, ValueError: If the file, a config or an override is wrong.
        WorkDirInUseError: If another study runs in the work dir.
    """
    study = read_study(file)
    metric_names(study)
    folder = Path(work_dir or Path('work_dirs') / study.name)
    runs = plan(study, folder)
    if not resume and any(run.work_dir.exists() for run in runs):
        raise FileExistsError(
            f"'{folder}' holds runs of a study already: give --resume to continue it, or another "
            '--work-dir'
        )
    with work_dir_lock(folder):
        number = _run(study, runs, ray)
        write_outputs(study, runs, folder, find_config(file).read_text(encoding='utf-8'))
    if number:
        return BASE_STATUS + number
    return 0 if all(state_of(run) == DONE for run in runs) else INCOMPLETE


def write_outputs(study: Study, runs: Sequence[Run], folder: Path, text: str) -> None:
    """Write tables and page from the work dirs of the runs.

    Args:
        study: The study.
        runs: Its runs.
        folder: Its work dir.
        text: Its file, for the page.
    """
    results = read_results(study, runs)
    groups = group_results(study, results)
    output = Output(folder)
    output.csv('runs', run_rows(results, metric_names(study)))
    output.csv('table', csv_rows(groups))
    pairs = compare_groups(study, results)
    if pairs:
        output.csv('pairs', pair_rows(pairs))
    files = {
        'table.md': to_markdown(groups, results, pairs),
        'table.tex': to_latex(groups, results),
        PAGE: study_page(study, groups, results, text),
    }
    for name, content in files.items():
        write_atomically(folder / name, content.encode())
        output.console.print(f'written: {folder / name}', soft_wrap=True)
    output.table(f'{study.name}: mean ± standard deviation over the seeds', table(groups))
    if below := notes(groups, results):
        output.console.print(below, soft_wrap=True)
    if pairs:
        output.table(PAIRED.rstrip(':'), pair_table(pairs))


def _run(study: Study, runs: Sequence[Run], ray: str | None) -> int:
    left = [run for run in runs if state_of(run) != DONE]
    if not left:
        return 0
    with _pool(study, ray) as pool, StudyConsole(study.name, runs) as console:
        return run_all(left, pool, study.retries, console)


@contextmanager
def _pool(study: Study, ray: str | None) -> Iterator[Pool]:
    if ray is None:
        yield LocalPool(study.parallel)
        return
    pool = RayPool(study.parallel, ray)
    try:
        yield pool
    finally:
        pool.close()
