"""``tools/search.py`` as a user calls it: help, plan, results, overrides, resuming."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands import train as train_cli
from ostrdet.commands.search import main
from ostrdet.settings import train as train_config
from ostrdet.structures import load_genotype

OPTIONS = (
    'CONFIG',
    '--work-dir DIR',
    '--resume [PATH]',
    '--seed N',
    '--data-root DIR',
    '--benchmark PATH',
    '--amp [{bfloat16,float16}]',
    '--cfg-options KEY=VALUE [KEY=VALUE ...]',
    '--launcher {none,pytorch,slurm,mpi}',
    '--debug',
)
PLAN = ('space', 'supernet', 'data', 'search', 'criterion', 'device', 'work dir', 'ETA')
SHORT = ('--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.portions=(0.015,0.015)')


@pytest.fixture
def config(tiny_config: Any, tmp_path: Path) -> str:
    path = tmp_path / 'tiny.py'
    tiny_config().dump(path)
    return str(path)


def lines(work_dir: Path) -> list[dict[str, Any]]:
    text = (work_dir / 'trajectory.jsonl').read_text(encoding='utf-8')
    return [json.loads(line) for line in text.splitlines()]


def test_help_names_every_option_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(['--help'])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    text = ' '.join(out.split())
    assert all(option in text for option in OPTIONS)
    assert 'python tools/search.py configs/search/ostr_nb201_digits.py' in out
    assert all(name in text for name in ('genotype.json', 'genotypes/epoch_NNN.json', 'trajectory'))
    assert max(map(len, out.splitlines())) <= 100


def test_help_examples_name_configs_that_exist(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(['--help'])
    named = set(re.findall(r'configs/\S+\.py', capsys.readouterr().out))
    assert len(named) >= 3
    assert all((repo_root / name).is_file() for name in named)


def test_help_needs_nothing_heavy(repo_root: Path) -> None:
    code = (
        'import sys; from ostrdet.commands.search import build_parser; build_parser().format_help();'
        "sys.exit(bool({'torch', 'mmengine', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=repo_root)


def test_the_tool_says_its_plan_at_once_and_ends_with_a_genotype(
    repo_root: Path, config: str, tmp_path: Path
) -> None:
    work_dir = tmp_path / 'run'
    done = subprocess.run(
        [sys.executable, 'tools/search.py', config, '--work-dir', str(work_dir), *SHORT],
        cwd=repo_root,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    assert [line.split('  ')[0].strip() for line in said[: len(PLAN)]] == list(PLAN)
    assert len(said) <= 15
    assert done.stderr == ''
    assert (work_dir / 'genotype.json').is_file()
    assert (work_dir / 'genotypes' / 'epoch_001.json').is_file()
    (line,) = lines(work_dir)
    assert line['genotypes']['OperationStrength'] in done.stdout
    assert line['genotypes']['Magnitude'] in done.stdout
    assert said[-1].startswith('next: python tools/train.py configs/retrain/nb201_digits.py ')


def test_the_next_command_trains_what_was_found(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'a run (1)'
    assert main([config, '--work-dir', str(folder), *SHORT]) == 0
    (command,) = re.findall(r'next: python tools/train.py (.*)', capsys.readouterr().out)
    args = train_cli.build_parser().parse_args(shlex.split(command))
    cfg = train_config.load_config(args.config, args.genotype, data_root=args.data_root)
    assert cfg.model.backbone.genotype == load_genotype(folder / 'genotype.json').to_dict()
    monkeypatch.chdir(tmp_path)
    assert main([config, '--work-dir', 'run', *SHORT]) == 0
    genotype = tmp_path / 'run' / 'genotype.json'
    elsewhere = f'next: ostrdet train ostrdet::retrain/nb201_digits.py --genotype {genotype}\n'
    assert elsewhere in capsys.readouterr().out


def test_overrides_reach_the_run(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / 'table.csv'
    cell = '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|'
    table.write_text(f'arch,cifar10,cifar100,imagenet16_120\n{cell},10,1,0.8\n', encoding='utf-8')
    options = ['--seed', '7', '--amp', '--benchmark', str(table), *SHORT]
    assert main([config, '--work-dir', str(tmp_path / 'run'), *options]) == 0
    assert 'seed 7' in capsys.readouterr().out
    (line,) = lines(tmp_path / 'run')
    assert list(line['benchmark']) == list(line['scores'])
    dumped = (tmp_path / 'run' / 'tiny.py').read_text(encoding='utf-8')
    assert "autocast='bfloat16'" in dumped


def test_the_work_dir_is_named_after_the_config(
    config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([config, *SHORT]) == 0
    assert (tmp_path / 'work_dirs' / 'tiny' / 'genotype.json').is_file()


def test_a_search_is_never_written_over(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [config, '--work-dir', str(tmp_path / 'run'), *SHORT]
    assert main(command) == 0
    files = {file: file.read_bytes() for file in (tmp_path / 'run').glob('*.*')}
    capsys.readouterr()
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err == (
        f"error: '{tmp_path / 'run'}' holds a search already: give --resume to continue it, or "
        'another --work-dir\n'
    )
    assert {file: file.read_bytes() for file in (tmp_path / 'run').glob('*.*')} == files


def test_resuming_without_a_path_starts_where_nothing_is_there(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [config, '--work-dir', str(tmp_path / 'run'), '--resume', *SHORT]
    assert main(command) == 0
    assert 'from epoch 1 of 1' in capsys.readouterr().out
    assert main([*command[:-2], 'train_cfg.max_epochs=2', command[-1]]) == 0
    assert 'from epoch 2 of 2' in capsys.readouterr().out
    assert [line['epoch'] for line in lines(tmp_path / 'run')] == [1, 2]


def test_resuming_takes_the_newest_checkpoint_even_of_a_moved_work_dir(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([config, '--work-dir', str(tmp_path / 'run'), *SHORT]) == 0
    (tmp_path / 'run').rename(tmp_path / 'moved')
    longer = ['--cfg-options', 'train_cfg.max_epochs=2', SHORT[-1]]
    assert main([config, '--work-dir', str(tmp_path / 'moved'), '--resume', *longer]) == 0
    assert 'from epoch 2 of 2' in capsys.readouterr().out
