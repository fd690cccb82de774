"""The processes of distributed training: what started them, and what they talk through."""

import os
from typing import Any

import torch
from mmengine.dist import is_distributed

#: What the program that starts the processes sets, and that program.
STARTERS = {
    'pytorch': (('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_PORT'), 'torchrun'),
    'slurm': (('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'), 'srun'),
    'mpi': (('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK'), 'mpirun'),
}


class PortInUseError(OSError):
    """The processes can't meet, as another program holds their port."""

    exit_status = 4


def start_processes(cfg: Any) -> None:
    """Check ``cfg.launcher``, and let the processes meet where there is no GPU.

    They talk by gloo then, which mmengine's own start does not offer.

    Raises:
        ValueError: If the processes were not started by what the launcher is for, or it needs a GPU.
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
        ValueError: If a variable is missing, if there is no GPU but for torchrun, or fewer GPUs than
            processes.
    """
    names, program = STARTERS[launcher]
    lost = [name for name in names if name not in environment]
    if lost:
        raise ValueError(
            f'--launcher {launcher}: the variable {lost[0]} is not set; start the tool by {program}, '
            'or leave --launcher out for one process'
        )
    if not devices and launcher != 'pytorch':
        raise ValueError(
            f'--launcher {launcher} needs GPUs, there is none; on CPUs start the tool by torchrun, '
            'with --launcher pytorch'
        )
    local = int(environment.get('LOCAL_RANK', 0))
    if devices and local >= devices:
        raise ValueError(
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
