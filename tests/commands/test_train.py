"""``tools/train.py`` and ``tools/test.py`` as a user calls them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli

OPTIONS = {
    train_cli: (
        'CONFIG',
        '--genotype NAME_OR_FILE',
        '--work-dir DIR',
        '--resume [PATH]',
        '--seed N',
        '--data-root DIR',
        '--amp [{bfloat16,float16}]',
        '--auto-scale-lr',
        '--cfg-options KEY=VALUE [KEY=VALUE ...]',
        '--launcher {none,pytorch,slurm,mpi}',
        '--debug',
    ),
    evaluate_cli: ('CONFIG', 'CHECKPOINT', '--genotype NAME_OR_FILE', '--out FILE', '--debug'),
}
CLIS = pytest.mark.parametrize('cli', OPTIONS, ids=['train', 'test'])


@pytest.fixture
def config(tiny_training: Any, tmp_path: Path) -> str:
    path = tmp_path / 'tiny.py'
    tiny_training({'train_cfg.max_epochs': 1}).dump(path)
    return str(path)


@CLIS
def test_help_names_every_option_and_examples(
    cli: ModuleType, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(['--help'])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(option in ' '.join(out.split()) for option in OPTIONS[cli])
    assert max(map(len, out.splitlines())) <= 100
    named = set(re.findall(r'configs/\S+\.py', out))
    assert named
    assert all((repo_root / name).is_file() for name in named)


@CLIS
def test_help_needs_nothing_heavy(cli: ModuleType, repo_root: Path) -> None:
    code = (
        f'import sys; from {cli.__name__} import build_parser; build_parser().format_help();'
        "sys.exit(bool({'torch', 'mmengine', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=repo_root)


def tool(repo_root: Path, name: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, f'tools/{name}.py', *args],
        cwd=repo_root,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tools_train_and_test(repo_root: Path, config: str, tmp_path: Path) -> None:
    folder = tmp_path / 'run'
    done = tool(repo_root, 'train', config, '--work-dir', str(folder), '--genotype', 'p-darts')
    assert (done.returncode, done.stderr) == (0, '')
    following = done.stdout.splitlines()[-1]
    assert following == f'next: python tools/test.py {folder}/tiny.py {folder}/epoch_1.pth'
    done = tool(repo_root, 'test', *following.split()[3:], '--work-dir', str(tmp_path / 'test'))
    assert (done.returncode, done.stderr) == (0, '')
    assert re.fullmatch(r'accuracy/top1 +[\d.]+\naccuracy/top5 +[\d.]+\n', done.stdout)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['none.py'], "there is no config file 'none.py'"),
        (['{config}', '--genotype', 'dart_v2'], "Did you mean 'darts_v2'"),
        (['{config}', '--genotype', 'nb201_resnet'], 'belongs to NASBench201Space'),
        (['{config}', '--data-root', 'data'], 'the data set ostrdet.Digits needs no folder'),
        (['{config}', '--resume', 'none.pth'], "there is no checkpoint 'none.pth'"),
        (['{config}', '--amp', 'float16'], 'float16 needs a GPU'),
        (['{config}', '--cfg-options', 'modle.head=1'], "Did you mean 'model'"),
    ],
)
def test_bad_arguments_are_one_line(
    config: str,
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [argument.format(config=config) for argument in arguments]
    assert train_cli.main([*given, '--work-dir', str(tmp_path / 'run')]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ')
    assert message in line


def test_a_bad_checkpoint_is_one_line(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'bad.pth').write_bytes(b'PK')
    work_dir = ['--work-dir', str(tmp_path / 'test')]
    assert evaluate_cli.main([config, str(tmp_path / 'bad.pth'), *work_dir]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"error: '.*bad\.pth' can't be read as a checkpoint", line)
