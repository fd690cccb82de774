"""The console script: a subcommand for every tool, with its arguments and its exit status."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ostrdet.commands.main import TOOLS, main, module_of, tools_called
from ostrdet.errors import MEANINGS, Status
from ostrdet.version import __version__


def test_every_tool_is_a_subcommand_with_the_same_main(repo_root: Path) -> None:
    modules = {
        path.stem.replace('_', '-'): re.findall(
            r'^ *from (ostrdet\.commands[\w.]+) import main$',
            path.read_text(encoding='utf-8'),
            re.MULTILINE,
        )
        for path in (repo_root / 'tools').glob('*.py')
    }
    assert modules == {name: [module_of(name)] for name in TOOLS}


@pytest.mark.parametrize('name', TOOLS)
def test_the_usage_of_a_tool_is_that_of_the_console_script(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main([name, '--help'])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f'usage: ostrdet {name} ')
    assert not re.search(r'python tools/|\bconfigs/', out)
    examples = re.findall(r'^  (ostrdet \S+)', out, re.MULTILINE)
    assert set(examples) == {f'ostrdet {name}'}


def test_arguments_and_status_are_the_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['genotype', 'diff', 'darts_v2', 'darts_v2']) == 0
    assert main(['genotype', 'diff', 'darts_v1', 'darts_v2']) == 1
    assert main(['genotype', 'show', 'dart_v2']) == 2
    assert "Did you mean 'darts_v2'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ('word', 'tools'),
    [
        ('test', ['test']),
        ('draw', ['draw-genotype']),
        ('draw_genotype', ['draw-genotype']),
        ('st', ['study']),
        ('s', ['search', 'select', 'study']),
        ('n', ['new']),
        ('', []),
        ('x', []),
    ],
)
def test_the_beginning_of_a_name_will_do(word: str, tools: list[str]) -> None:
    assert tools_called(word) == tools


@pytest.mark.parametrize(
    ('word', 'message'),
    [
        ('serach', "unknown tool 'serach'. Did you mean 'search'? Known: search, select, "),
        ('se arch', "unknown tool 'se arch'. Did you mean 'search'?"),
        ('s', "'s' may be search or select or study; write one out"),
    ],
)
def test_an_unknown_tool_is_one_line(
    word: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'error: {message}')


@pytest.mark.parametrize('words', [[], ['--help'], ['-h']])
def test_the_help_lists_all_tools(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    names = re.findall(r'^  (\S+)  +\w', out, re.MULTILINE)
    assert names == [*TOOLS, '0', '1', '2', '3', '4', '128+n']
    assert (Path(out.splitlines()[-1]) / 'search').is_dir()


def test_the_help_the_page_and_the_table_give_a_status_one_meaning(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['--help']) == 0
    said = re.search(r'^exit statuses:\n((?:  .+\n)+)', capsys.readouterr().out, re.MULTILINE)
    assert said
    assert dict(line.split(maxsplit=1) for line in said[1].splitlines()) == MEANINGS
    page = (repo_root / 'docs' / 'errors.md').read_text(encoding='utf-8')
    table = re.search(r'^\| exit status .+\n\|[-|]+\n((?:\|.+\n)+)', page, re.MULTILINE)
    assert table
    rows = [line.strip('| ').split(' | ') for line in table[1].splitlines()]
    assert {status: text.partition(';')[0] for status, text in rows} == MEANINGS


def test_every_status_has_a_meaning() -> None:
    assert list(MEANINGS) == [*(str(int(status)) for status in Status), '128+n']


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--version']) == 0
    assert capsys.readouterr().out == f'ostrdet {__version__}\n'


def test_the_help_imports_nothing_heavy(repo_root: Path) -> None:
    code = (
        'import sys; from ostrdet.commands.main import main; main([]);'
        "sys.exit(bool({'torch', 'mmengine', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=repo_root, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith('usage: ostrdet TOOL')


def test_the_console_script_is_declared(repo_root: Path) -> None:
    text = (repo_root / 'setup.py').read_text(encoding='utf-8')
    (module, function) = re.findall(r"'ostrdet = ([\w.]+):(\w+)'", text)[0]
    assert getattr(import_module(module), function) is main
