"""Options that several command lines share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ostrdet.commands.options import Options, argument, option


def genotype(**how: Any) -> Any:
    """The field of ``--genotype``."""
    return option(
        'published name (see configs/genotypes), genotype file, or text in quotes; default the '
        "config's",
        metavar='NAME_OR_FILE',
        **how,
    )


def work_dir() -> Any:
    """The field of ``--work-dir``."""
    return option('where results go; default work_dirs/<name of the config>', metavar='DIR')


def data_root() -> Any:
    """The field of ``--data-root``."""
    return option('folder of the data set', metavar='DIR')


def amp() -> Any:
    """The field of ``--amp``."""
    return option(
        'autocast; bfloat16 if nothing follows; float16 needs a GPU',
        nargs='?',
        const='bfloat16',
        choices=('bfloat16', 'float16'),
    )


def cfg_options() -> Any:
    """The field of ``--cfg-options``."""
    return option(
        'override config values, such as train_cfg.max_epochs=100',
        default=[],
        nargs='+',
        action='extend',
        metavar='KEY=VALUE',
    )


def launcher() -> Any:
    """The field of ``--launcher``."""
    return option(
        'how processes were started; pytorch for torchrun',
        default='none',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
    )


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """What a search and a training have in common."""

    config: str = argument('CONFIG', 'config file')
    work_dir: str | None = work_dir()
    resume: str | None = option(
        'continue from a checkpoint; without PATH from the newest one in the work dir, or from the start '
        'if there is none',
        nargs='?',
        const='auto',
        metavar='PATH',
    )
    seed: int | None = option('seed of the run; default randomness.seed', metavar='N')
    data_root: str | None = data_root()
    amp: str | None = amp()
    cfg_options: Sequence[str] = cfg_options()
    threads: str | None = option(
        "threads of torch, or auto for the fastest number; default torch's", metavar='N'
    )
    launcher: str = launcher()


@dataclass(frozen=True, kw_only=True)
class ModelOptions(Options):
    """What commands that read a trained network have in common."""

    config: str = argument('CONFIG', 'config file; the one in the work dir knows the genotype')
    checkpoint: str = argument('CHECKPOINT', 'checkpoint, or published .safetensors file')
    genotype: str | None = genotype()
