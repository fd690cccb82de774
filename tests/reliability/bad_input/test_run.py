"""Checkpoints, work dirs, processes and memory that a run can't have."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from ostrdet.apis.build_runner import check_launcher
from ostrdet.commands import search as search_cli
from ostrdet.commands import train as train_cli
from ostrdet.engine.checkpoint import read_checkpoint

DAMAGED = (r'bad\.pth', "can't be read as a checkpoint", 'take another one')


class Runs(NamedTuple):
    """Work dirs of a search and of a training that came to their end."""

    search: Path
    train: Path


@pytest.fixture(scope='module')
def runs(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp('runs')
    for name, tool in (('search', search_cli), ('train', train_cli)):
        config = folder / f'{name}.py'
        config.write_text(texts[name], encoding='utf-8')
        assert tool.main([str(config), '--work-dir', str(folder / name)]) == 0
    return Runs(folder / 'search', folder / 'train')


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    'cut off': lambda data: data[: len(data) // 2],
    'a bit': flip,
    'empty': lambda data: b'',
    'text': lambda data: b'no checkpoint',
}


@pytest.mark.parametrize('case', DAMAGES)
@pytest.mark.parametrize('tool', ['train', 'test'])
def test_damaged_checkpoints(
    refused: Any, train_config: Path, runs: Runs, tmp_path: Path, case: str, tool: str
) -> None:
    bad = tmp_path / 'bad.pth'
    bad.write_bytes(DAMAGES[case]((runs.train / 'epoch_1.pth').read_bytes()))
    given = [bad] if tool == 'test' else ['--resume', bad]
    refused(tool, [train_config, *given], *DAMAGED, status=3)


def test_damaged_files_of_safetensors(refused: Any, train_config: Path, tmp_path: Path) -> None:
    (tmp_path / 'bad.safetensors').write_bytes(b'\xff' * 64)
    argv = [train_config, tmp_path / 'bad.safetensors']
    refused('test', argv, r"bad\.safetensors' can't be read as safetensors", status=3)


def test_a_work_dir_of_damaged_checkpoints(
    refused: Any, search_config: Path, tmp_path: Path
) -> None:
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/epoch_1.pth').write_bytes(b'PK')
    argv = [search_config, '--resume', '--work-dir', tmp_path / 'run']
    refused('search', argv, r'every checkpoint is damaged: .*epoch_1\.pth', 'Restore one', status=3)


@pytest.mark.parametrize(
    ('option', 'value', 'patterns'),
    [
        ('--resume', '{}', ("'{}' is of another run", 'or continue')),
        ('--cfg-options', 'load_from={}', ("'{}' is of another architecture", 'Give the config')),
    ],
)
def test_a_checkpoint_of_another_model(
    refused: Any, train_config: Path, runs: Runs, option: str, value: str, patterns: tuple[str, ...]
) -> None:
    other = runs.search / 'epoch_1.pth'
    argv = [train_config, option, value.format(other)]
    refused('train', argv, *(pattern.format(re.escape(str(other))) for pattern in patterns))


def test_weights_without_a_run(
    refused: Any, train_config: Path, runs: Runs, tmp_path: Path
) -> None:
    state = read_checkpoint(runs.train / 'epoch_1.pth')['state_dict']
    torch.save({'state_dict': state}, tmp_path / 'weights.pth')
    argv = [train_config, '--resume', tmp_path / 'weights.pth']
    refused('train', argv, r"weights\.pth' lacks 'meta'", 'start from the weights by load_from')


def test_no_checkpoint_at_all(refused: Any, train_config: Path) -> None:
    refused('train', [train_config, '--resume', 'none.pth'], "--resume: .*'none.pth'")
    refused('test', [train_config, 'none.pth'], "there is no checkpoint 'none.pth'")


@pytest.mark.parametrize(
    ('given', 'patterns'),
    [
        (['train_dataloader.batch_size=8'], ('batch_size was 16, is 8', 'resume_anyway=True')),
        (['model.supernet.channels=8'], ('channels was 4, is 8', 'resume_anyway=True')),
        (['train_cfg.portions=(0.06,0.05)'], ('portions was', 'resume_anyway=True')),
        (['randomness.seed=4'], ('randomness.seed=0, this one has 4', '--seed 0')),
    ],
)
def test_another_run_is_not_gone_on_with(
    refused: Any, search_config: Path, runs: Runs, given: list[str], patterns: tuple[str, ...]
) -> None:
    argv = [search_config, '--resume', runs.search / 'epoch_1.pth', '--cfg-options', *given]
    refused('search', argv, *patterns)


def test_a_work_dir_with_a_run(refused: Any, search_config: Path, runs: Runs) -> None:
    refused(
        'search', [search_config, '--work-dir', runs.search], 'holds a search already', '--resume'
    )


@pytest.mark.parametrize('name', ['file', 'file/below'])
def test_work_dirs_that_can_not_be(
    refused: Any, search_config: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / 'file').touch()
    argv = [search_config, '--work-dir', tmp_path / name]
    refused('search', argv, name, 'no work dir can be here', 'another --work-dir')


def test_a_folder_for_the_metrics(
    refused: Any, train_config: Path, runs: Runs, tmp_path: Path
) -> None:
    argv = [train_config, runs.train / 'epoch_1.pth', '--out', tmp_path]
    refused('test', argv, '--out: .* is a folder, expected a JSON file')


def test_a_work_dir_in_use(refused: Any, search_config: Path, tmp_path: Path) -> None:
    from ostrdet.engine.checkpoint import work_dir_lock

    with work_dir_lock(tmp_path / 'run'):
        argv = [search_config, '--work-dir', tmp_path / 'run']
        refused('search', argv, 'run.* is in use by', 'another --work-dir', status=4)


def test_no_memory_for_the_network(refused: Any, search_config: Path) -> None:
    """No machine has 64 TiB for one convolution."""
    argv = [search_config, '--cfg-options', 'model.supernet.channels=4194304']
    patterns = (r'train_dataloader\.batch_size=16', r'model\.supernet\.channels=4194304', 'smaller')
    refused('search', argv, 'out of memory', *patterns, status=4)


def test_no_memory_for_a_batch(refused: Any, search_config: Path, tmp_path: Path) -> None:
    """A candidate asks for more than there is when the first batch comes."""
    (tmp_path / 'hungry.py').write_text(
        'import torch\n'
        'from mmengine.hooks import Hook\n'
        'from mmengine.registry import HOOKS\n'
        '@HOOKS.register_module(force=True)\n'
        'class HungryHook(Hook):\n'
        '    def before_train_iter(self, *args, **kwargs):\n'
        '        torch.empty(2**46)\n',
        encoding='utf-8',
    )
    (tmp_path / 'child.py').write_text(
        "_base_ = './search.py'\ncustom_imports = dict(imports=['hungry'])\n"
        "custom_hooks = [dict(type='HungryHook')]",
        encoding='utf-8',
    )
    sys.path.insert(0, str(tmp_path))
    try:
        argv = [tmp_path / 'child.py']
        refused('search', argv, 'out of memory', 'batch_size=16', '--amp', status=4)
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop('hungry')


@pytest.mark.parametrize(
    ('launcher', 'variable', 'program'),
    [
        ('pytorch', 'RANK', 'torchrun'),
        ('slurm', 'SLURM_PROCID', 'srun'),
        ('mpi', 'OMPI_COMM_WORLD_RANK', 'mpirun'),
    ],
)
def test_processes_that_nobody_started(
    refused: Any, search_config: Path, launcher: str, variable: str, program: str
) -> None:
    argv = [search_config, '--launcher', launcher]
    refused(
        'search', argv, f'--launcher {launcher}: the variable {variable}', f'start .* by {program}'
    )


def test_processes_without_a_gpu_of_their_own() -> None:
    torchrun = dict.fromkeys(('RANK', 'WORLD_SIZE', 'MASTER_PORT'), '1') | {'LOCAL_RANK': '2'}
    slurm = dict.fromkeys(('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST'), '1')
    check_launcher('pytorch', torchrun, devices=0)
    check_launcher('pytorch', torchrun, devices=3)
    check_launcher('slurm', slurm, devices=1)
    with pytest.raises(ValueError, match=r'process 2 .* there are 2; start at most 2 processes'):
        check_launcher('pytorch', torchrun, devices=2)
    with pytest.raises(ValueError, match=r'--launcher slurm needs GPUs, .* torchrun'):
        check_launcher('slurm', slurm, devices=0)


def tool(repo_root: Path, name: str, *argv: object, **variables: str) -> Any:
    return subprocess.run(
        [sys.executable, f'tools/{name}.py', *map(str, argv)],
        cwd=repo_root,
        env={**os.environ, 'PYTHONPATH': str(repo_root), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_port_in_use(repo_root: Path, search_config: Path, tmp_path: Path) -> None:
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
        found = tool(
            repo_root,
            'search',
            *(search_config, '--launcher', 'pytorch', '--work-dir', tmp_path / 'run'),
            **dict.fromkeys(('RANK', 'LOCAL_RANK'), '0'),
            WORLD_SIZE='2',
            MASTER_ADDR='127.0.0.1',
            MASTER_PORT=str(port),
            CUDA_VISIBLE_DEVICES='',
        )
    assert found.returncode == 4, found.stderr
    assert f'port {port} is in use' in found.stderr
    assert '--master-port' in found.stderr
    assert 'Traceback' not in found.stderr


@pytest.mark.parametrize(
    ('name', 'argv', 'message'),
    [
        (
            'search',
            ['{config}', '--cfg-options', 'train_cfg.max_epochs=0'],
            'train_cfg.max_epochs=0',
        ),
        ('genotype', ['show', 'dartsv2'], "Did you mean 'darts_v2'"),
    ],
)
def test_the_programs_end_likewise(
    repo_root: Path, search_config: Path, name: str, argv: list[str], message: str
) -> None:
    found = tool(repo_root, name, *(argument.format(config=search_config) for argument in argv))
    assert (found.returncode, found.stdout) == (2, '')
    (line,) = found.stderr.splitlines()
    assert line.startswith('error: ')
    assert message in line
