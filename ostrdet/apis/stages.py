"""A search in stages: whole runs one after the other, each among what the one before leaves."""

import gc
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import barrier
from mmengine.runner import Runner

from ostrdet.apis.build_runner import build_run, check_empty, is_main_rank
from ostrdet.engine.checkpoint import (
    checkpoints,
    fingerprint,
    latest_checkpoint,
    position,
    read_checkpoint,
    work_dir_lock,
)
from ostrdet.engine.hooks.roles import by_role
from ostrdet.engine.runner.continuation import check_continues, listed
from ostrdet.errors import DamagedFileError, InvalidValueError
from ostrdet.output import steady_output
from ostrdet.records.files import GENOTYPE, REPORT, TRAJECTORY
from ostrdet.records.stages import stage_folder
from ostrdet.records.trajectory import read_lines
from ostrdet.selection.panel import DEFAULT
from ostrdet.settings.stages import KEEP, Scores, stage_config, stage_configs
from ostrdet.structures.atomic import write_atomically

WHAT = 'search'
#: Of a fingerprint, what only a run can count.
COUNTED = ('samples', 'processes', 'iterations')


def search_stages(cfg: Config, resume: str | None = None, launcher: str = 'none') -> Runner:
    """Run all stages of a search to their ends, each in its own folder of the work dir.

    ``stage_N/`` is the work dir of a search like any other, and ``genotype.json`` on top is that of
    the last stage, ``report.html`` shows all of them. Under ``resume`` a stage that came to its last epoch is not run again.

    Args:
        cfg: A checked config with ``stages``.
        resume: 'auto' for the newest checkpoint of the stage that is not finished, or the path of a
            checkpoint in the folder of a stage; None starts anew.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Returns:
        The runner of the last stage.

    Raises:
        FileExistsError: If the work dir holds a search already and ``resume`` is None, or one
            without stages.
        FileNotFoundError: If there is no such checkpoint.
        InvalidValueError: If the checkpoint is in no stage, a finished stage is of another config, or
            a stage ends without scores.
        DamagedFileError: If the scores of a stage are lost.
        Exception: What a search raises; the stages before stay as they are.
    """
    if resume is None and cfg.get('resume'):  # as mmengine has it
        resume = cfg.get('load_from') or 'auto'
    resumes = _resumes(cfg, resume)
    is_main, total = is_main_rank(launcher), len(cfg.stages)
    before: Config | None = None
    scores: Scores | None = None
    planned = stage_configs(cfg)
    with work_dir_lock(cfg.work_dir) if is_main else nullcontext():
        for number in range(1, total):
            stage = stage_config(cfg, before, number, scores)
            epochs = _finished(stage, number) if resumes[number] == 'auto' else None
            if is_main:
                _say(f'stage {number} of {total}: {stage.work_dir}{", finished" if epochs else ""}')
            if epochs is None:
                epochs = _run(stage, resumes[number], launcher, planned[number:]).epoch
                gc.collect()  # of its network, too, before the next one is built
            if is_main:
                _write_report(cfg, stage)
            before = stage
            scores = _scores(stage, epochs) if cfg.stages[number].get(KEEP) is not None else None
        stage = stage_config(cfg, before, total, scores)
        if is_main:
            _say(f'stage {total} of {total}: {stage.work_dir}')
        runner = _run(stage, resumes[total], launcher)
        if is_main:
            found = Path(stage.work_dir, GENOTYPE).read_bytes()
            write_atomically(Path(cfg.work_dir, GENOTYPE), found)
            _write_report(cfg, stage)
    return runner


def _resumes(cfg: Config, resume: str | None) -> dict[int, str | None]:
    """What every stage goes on from: 'auto', a checkpoint, or None where it starts."""
    work_dir = Path(cfg.work_dir)
    numbers = range(1, len(cfg.stages) + 1)
    if resume is None:
        for folder in (work_dir, *sorted(work_dir.glob('stage_*'))):
            check_empty(folder, WHAT, cfg.get('load_from'))
        return dict.fromkeys(numbers)
    if checkpoints(work_dir) or (work_dir / TRAJECTORY).exists():
        raise FileExistsError(
            f"'{work_dir}' holds a search without stages; give another --work-dir, or take stages out "
            'of the config'
        )
    folders = {number: stage_folder(work_dir, number) for number in numbers}
    found = {n: 'auto' if n == 1 or folder.is_dir() else None for n, folder in folders.items()}
    if resume != 'auto':
        found[_stage_of(Path(resume), folders)] = resume
    return found


def _stage_of(path: Path, folders: Mapping[int, Path]) -> int:
    if not path.is_file():
        raise FileNotFoundError(f"--resume: there is no checkpoint '{path}'")
    for number, folder in folders.items():
        if path.resolve().parent == folder.resolve():
            return number
    raise InvalidValueError(
        f"--resume: '{path}' is in none of the folders stage_1 to stage_{len(folders)} of the work dir; "
        'give a checkpoint of one of them, or --resume alone'
    )


def _finished(stage: Config, number: int) -> int | None:
    """The epochs of a stage that came to its last one; None where something is left to do.

    Raises:
        InvalidValueError: If it was of another model, data, optimizer or seed.
    """
    path = latest_checkpoint(stage.work_dir)
    epochs, _ = (path and position(path)) or (0, 0)
    if path is None or epochs < stage.train_cfg.max_epochs:
        return None
    checkpoint = read_checkpoint(path)
    saved = checkpoint.get('meta', {}).get('fingerprint') or {}
    ours = fingerprint(stage.to_dict(), 0, 0, 0)
    present = {**ours, **{key: saved[key] for key in COUNTED if key in saved}}
    changed = check_continues(checkpoint, str(path), stage, stage.randomness.seed, present)
    # The processes set the wrapper themselves
    shown = [text for text in changed if not text.startswith('model_wrapper_cfg')]
    if shown:
        print(
            f'--resume: stage {number} is finished, so this has no effect on it: {listed(shown)}',
            file=sys.stderr,
        )
    return epochs


def _run(
    stage: Config, resume: str | None, launcher: str, following: Sequence[Config] = ()
) -> Runner:
    runner = build_run(deepcopy(stage), resume, WHAT, launcher)
    if console := by_role(runner).get('console'):
        console.following = following
    runner.train()
    barrier()  # the main process has written what all of them read next
    return runner


def _scores(stage: Config, epochs: int) -> Scores:
    """The scores of the deciding criterion at the end of a stage, by cell type, (E, O)."""
    path = Path(stage.work_dir) / TRAJECTORY
    lines = read_lines(path) if path.is_file() else []
    line = lines[-1] if lines else {}
    if line.get('epoch') != epochs:
        raise DamagedFileError(
            f"'{path}' ends with epoch {line.get('epoch')}, expected {epochs}: the scores of the last "
            f"epoch are lost; give --resume '{path.with_name(f'epoch_{epochs - 1}.pth')}', or start anew"
        )
    criterion = (stage.default_hooks.selector.get('criterion') or DEFAULT)['type']
    scores: Scores | None = line['scores'].get(criterion)
    if scores is None:
        raise InvalidValueError(
            f"'{path}' has no scores by {criterion} after epoch {epochs}, so the next stage can't keep "
            'by them; let alpha move before, or choose another default_hooks.selector.criterion'
        )
    return scores


def _write_report(cfg: Config, stage: Config) -> None:
    """Write the page of all stages, if the stage has one; whatever goes wrong is a warning."""
    if not Path(stage.work_dir, REPORT).is_file():
        return
    path = Path(cfg.work_dir, REPORT)
    try:
        from ostrdet.visualization.report.report import report_of  # matplotlib, for a page alone

        write_atomically(path, report_of(cfg.work_dir).encode())
    except Exception as error:  # noqa: BLE001 - a search outlives any fault of its pictures
        print(f'warning: {path}: {type(error).__name__}: {error}', file=sys.stderr)
    else:
        _say(f'report of all stages: {path}')


def _say(text: str) -> None:
    with steady_output(forgiven=True):
        print(text, flush=True)
