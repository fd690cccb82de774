"""From a checked config to the runner that all verbs share, and the processes that it runs in."""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import is_distributed
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from ostrdet.compat.mmcv_ops import load_mmcv_ops
from ostrdet.engine.checkpoint import (
    checkpoints,
    hold_work_dir,
    latest_checkpoint,
    other_checkpoints,
    release_work_dir,
)
from ostrdet.engine.runner import SeededRunner, explained, log_defect
from ostrdet.errors import InvalidValueError, PortInUseError
from ostrdet.output import steady_output
from ostrdet.records.files import TRAJECTORY
from ostrdet.registry import some
from ostrdet.settings.load import DETECTION_SCOPE

#: What the program that starts the processes sets, and that program.
STARTERS = {
    'pytorch': (('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_PORT'), 'torchrun'),
    'slurm': (('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'), 'srun'),
    'mpi': (('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK'), 'mpirun'),
}
#: Where launchers say which process this is.
RANK_VARIABLES = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID', 'mpi': 'OMPI_COMM_WORLD_RANK'}


def start_processes(cfg: Any) -> None:
    """Check ``cfg.launcher``, and let the processes meet where there is no GPU.

    They talk by gloo then, which mmengine's own start does not offer.

    Raises:
        InvalidValueError: If the processes were not started by what the launcher is for, or it
            needs a GPU.
        PortInUseError: If another program holds the port.
    """
    if cfg.launcher == 'none':
        return
    devices = torch.cuda.device_count()
    check_launcher(cfg.launcher, os.environ, devices)
    _set_wrapper(cfg, devices)
    if not devices and not is_distributed():
        _meet()


def _set_wrapper(cfg: Any, devices: int) -> None:
    wrapper = dict(cfg.get('model_wrapper_cfg') or {})
    if devices and not wrapper:
        return  # mmengine's own, which reads find_unused_parameters and sends no buffers around
    if cfg.get('find_unused_parameters') is not None:  # which mmengine overlooks beside the other
        wrapper.setdefault('find_unused_parameters', cfg.find_unused_parameters)
    if not devices:
        wrapper['device_ids'] = None
    cfg.model_wrapper_cfg = wrapper


def check_launcher(launcher: str, environment: Any, devices: int) -> None:
    """Check that a process was started as its launcher says.

    Args:
        launcher: 'pytorch', 'slurm' or 'mpi'.
        environment: Variables of the process.
        devices: Number of its GPUs.

    Raises:
        InvalidValueError: If a variable is missing, if there is no GPU but for torchrun, or fewer
            GPUs than processes.
    """
    names, program = STARTERS[launcher]
    lost = [name for name in names if name not in environment]
    if lost:
        raise InvalidValueError(
            f'--launcher {launcher}: the variable {lost[0]} is not set; start the tool by {program}, '
            'or leave --launcher out for one process'
        )
    if not devices and launcher != 'pytorch':
        raise InvalidValueError(
            f'--launcher {launcher} needs GPUs, there is none; on CPUs start the tool by torchrun, '
            'with --launcher pytorch'
        )
    local = int(environment.get('LOCAL_RANK', 0))
    if devices and local >= devices:
        raise InvalidValueError(
            f'process {local} of this machine has no GPU, there are {devices}; start at most '
            f'{devices} processes (--nproc-per-node), or look at CUDA_VISIBLE_DEVICES'
        )


def _meet() -> None:
    try:
        torch.distributed.init_process_group('gloo')
    except torch.distributed.DistNetworkError as error:
        if 'EADDRINUSE' not in str(error):
            raise
        raise PortInUseError(
            f'port {os.environ["MASTER_PORT"]} is in use by another program, so the processes can not '
            'meet; give torchrun another --master-port'
        ) from error


def build_run(cfg: Config, resume: str | None, what: str, launcher: str = 'none') -> Runner:
    """The runner of a search or a training, which has its work dir for itself from now on.

    Args:
        cfg: A checked config.
        resume: As in :func:`set_resume`.
        what: As in :func:`set_resume`.
        launcher: As in :func:`build_runner`.

    Raises:
        OSError: If there can be no work dir.
        WorkDirInUseError: If another run writes into the work dir; nothing was written then.
        Exception: As in :func:`set_resume`.
    """
    _make_work_dir(Path(cfg.work_dir))
    is_main = is_main_rank(launcher)
    if is_main:
        hold_work_dir(cfg.work_dir)
    try:
        with steady_output(forgiven=True):
            set_resume(cfg, resume, what)
            return _build(cfg, launcher)
    except BaseException:
        if is_main:
            release_work_dir(cfg.work_dir)
        raise


def is_main_rank(launcher: str) -> bool:
    """Whether this is the main process, which is known before the processes meet."""
    return os.environ.get(RANK_VARIABLES.get(launcher, ''), '0') == '0'


def build_runner(cfg: Config, launcher: str = 'none') -> Runner:
    """The runner of ``cfg``, before its first step.

    Args:
        cfg: A checked config.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
    """
    _make_work_dir(Path(cfg.work_dir))
    return _build(cfg, launcher)


def _build(cfg: Config, launcher: str) -> Runner:
    """The runner, in a work dir that is there."""
    cfg.launcher = launcher
    start_processes(cfg)
    # The runner's global objects go by this name and the second: two runs must not share them
    cfg.experiment_name = f'{Path(cfg.work_dir).resolve()}_{time.monotonic_ns()}'
    if cfg.get('visualizer'):
        cfg.visualizer.name = cfg.experiment_name  # mmdet's configs give them all one
    try:
        with explained(cfg):
            runner: Runner = SeededRunner.from_cfg(cfg)
    except Exception as error:
        logger = MMLogger.get_current_instance()
        if logger.instance_name.startswith(cfg.experiment_name):  # it was made before the error
            log_defect(logger, error)
        raise
    if cfg.get('default_scope') == DETECTION_SCOPE:
        runner.logger.info(load_mmcv_ops())
    return runner


def set_resume(cfg: Config, resume: str | None, what: str) -> None:
    """Point the runner at the checkpoint, and refuse to write over another run.

    Args:
        cfg: The config, with its work dir.
        resume: Path of a checkpoint, or 'auto' for the newest of the work dir; None starts anew.
        what: 'search' or 'training', for the message.

    Raises:
        FileExistsError: If the work dir holds a run already and ``resume`` is None, or names one of
            another folder, or there are only files by names that don't say how far the run was.
        FileNotFoundError: If there is no such checkpoint.
        DamagedFileError: If all checkpoints of the work dir are damaged.
    """
    folder = Path(cfg.work_dir)
    if resume is None and cfg.get('resume'):  # as mmengine has it
        resume = cfg.get('load_from') or 'auto'
    if resume is None:
        _check_start(cfg)
        check_empty(folder, what, cfg.get('load_from'))
        return
    if resume == 'auto':
        found = _newest(cfg)
    else:
        found = Path(resume)
        if not found.is_file():
            raise FileNotFoundError(f"--resume: there is no checkpoint '{found}'")
        if found.resolve().parent != folder.resolve():
            check_empty(folder, what, found)
    cfg.resume = found is not None
    if found is not None:
        cfg.load_from = str(found)


def _newest(cfg: Config) -> Path | None:
    """The newest checkpoint of the work dir; None, and a line that says so, where there is none."""
    folder = Path(cfg.work_dir)
    found = latest_checkpoint(folder, warn=_warn)
    if found is not None:
        return found
    others = _others(folder, cfg.get('load_from'))
    if others:
        raise FileExistsError(
            f"--resume: the names of the checkpoints in '{folder}' ({some(others)}) do not say how "
            'far the run was; give --resume PATH with one of them, or another --work-dir'
        )
    _check_start(cfg)
    start = cfg.get('load_from') or 'nothing'
    print(
        f"--resume: no checkpoint in '{folder}' yet, so this starts from {start}", file=sys.stderr
    )
    return None


def _check_start(cfg: Config) -> None:
    start = cfg.get('load_from')
    if start is not None and not Path(start).is_file():
        raise FileNotFoundError(
            f"load_from: there is no checkpoint '{start}'; give the path of one, or None to "
            'start from nothing'
        )


def check_empty(folder: Path, what: str, besides: str | Path | None) -> None:
    """Check that no other run has written into the work dir, whatever it called its checkpoints.

    Args:
        folder: The work dir.
        what: 'search' or 'training', for the message.
        besides: A checkpoint that may be there, as the run starts from it.

    Raises:
        FileExistsError: If one has.
    """
    if checkpoints(folder) or (folder / TRAJECTORY).exists():
        raise FileExistsError(
            f"'{folder}' holds a {what} already: give --resume to continue it, or another "
            '--work-dir'
        )
    others = _others(folder, besides)
    if others:
        raise FileExistsError(
            f"'{folder}' holds checkpoints already ({some(others)}): give --resume PATH to continue "
            'with one of them, or another --work-dir'
        )


def _others(folder: Path, besides: str | Path | None) -> list[str]:
    """Files that end like checkpoints, by name, but for the one that a run starts from."""
    start = None if besides is None else Path(besides).resolve()
    return [path.name for path in other_checkpoints(folder) if path.resolve() != start]


def _warn(text: str) -> None:
    print(f'warning: {text}', file=sys.stderr)


def _make_work_dir(folder: Path) -> None:
    """Make the folder before anything is built.

    Raises:
        OSError: If it can't be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            error.errno,
            f'{error.strerror}: no work dir can be here; give another --work-dir',
            str(folder),
        ) from error
