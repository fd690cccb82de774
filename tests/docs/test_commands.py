"""Every command of README.md and docs/: its tool takes it, and it is run, or a reason says why not."""

import argparse
import importlib
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import save_genotype

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
TEXTS = {page.name: page.read_text(encoding='utf-8') for page in PAGES}
COMMAND = re.compile(
    r'^ {4}(?:\w+=\S+ )*((?:python|make|pip|torchrun|srun|ostrdet|\.) [^#\n]*)', re.MULTILINE
)

#: Run below as they stand, in a folder with what earlier commands would have left there.
RUN_HERE = (
    r'(?:tools/genotype\.py|ostrdet genotype) (?!.*--detector)',
    r'tools/draw_genotype\.py (?!WORK_DIR)',
    r'tools/query_benchmark\.py ',
    r'tools/check\.py configs/search/ostr_nb201_digits\.py',
    r'tools/search\.py configs/search/ostr_nb201_digits\.py --work-dir work_dirs/mine',
)
#: Run by other tests, on less data and for fewer epochs.
RUN_ELSEWHERE = {
    r'tools/predict\.py work_dirs': 'tests/apis/test_predict.py',
    r'work_dirs/search( |$|/genotype\.json --work-dir)|work_dirs/train/': 'tests/test_walkthrough.py',
    r'pets': 'tests/docs/test_own_data.py',
    r'tools/draw_genotype\.py WORK_DIR': 'tests/visualization/report/test_two_cells.py',
    r'tools/analyze\.py proxies': 'tests/analysis/test_proxies.py',
    r'tools/baseline\.py ': 'tests/evaluation/test_multi_trial.py',
    r'tools/analyze\.py budget': 'tests/analysis/test_budget.py',
    r'tools/benchmark_latency\.py .*--ops': 'tests/apis/test_latency.py',
    r'tools/analyze\.py ': 'tests/commands/test_analyze.py',
    r'tools/select\.py ': 'tests/apis/test_select.py',
    r'tools/search\.py configs/search/ostr_darts_c10\.py --data-root \S+$|'
    r'in1k\.py --genotype work_dirs/ostr_darts_c10/|retinanet_ostr': 'tests/detection/test_chain.py',
    r'tools/study\.py configs/studies/digits\.yaml( --work-dir \S+)?( --resume)?$': (
        'tests/studies/test_study.py'
    ),
    r'ostrdet search': 'tests/test_wheel.py',
    r'ostrdet (new|train train)': 'tests/commands/test_new.py',
    r'complexity p-darts --detector': 'tests/detection/test_networks.py',
    r'make (test|docs)': '.ci/run',
}
NOT_RUN = {
    r'make install|pip install|activate': 'makes an environment, which .ci/run has done',
    r'tools/study\.py .*--ray': 'needs Ray',
    r'torchrun|srun': 'needs several GPUs, or SLURM',
    r'darts_in1k\.py|in1k-folder': 'needs ImageNet, and GPUs for days',
    r'_(nb201|darts|pc-darts)_c10\.py|retrain/darts_c10\.py|darts_c10/epoch': 'CIFAR-10, and hours',
    r'ostr_(darts|nb201)_c10-folder|c10-(proxy|deep|mini)|studies/(rivals-)?deep': (
        'needs CIFAR-10 as images, and minutes to hours'
    ),
    r'tools/train\.py configs/retinanet/': 'needs COCO, and GPUs for hours',
    r'benchmarks/': 'measures a machine for minutes',
    r'predict\.py CONFIG|NAME-HASH|search\.py CONFIG': 'its words stand for files of the reader',
}
#: What makes a command that is run here take seconds.
SMALL = {'search': ['train_cfg.max_epochs=1', 'train_cfg.portions=(0.05,0.05)']}


class Command(NamedTuple):
    page: str
    text: str

    @property
    def tool(self) -> str:
        """The script, or the program where there is none."""
        if self.text.startswith('ostrdet '):
            return f'tools/{self.text.split()[1].replace("-", "_")}.py'
        found = re.search(r'\b(?:tools|benchmarks)/\w+\.py', self.text)
        return found[0] if found else self.text.split()[0]

    @property
    def arguments(self) -> list[str]:
        """What follows the script, or the program."""
        words = shlex.split(self.text.replace('--seed S', '--seed 0'))
        return words[
            1 + words.index(self.text.split()[1] if words[0] == 'ostrdet' else self.tool) :
        ]

    @property
    def is_synopsis(self) -> bool:
        return re.search(r'\[(-|CONFIG)|\(CONFIG', self.text) is not None


def commands() -> Iterator[Command]:
    for page, text in TEXTS.items():
        joined = re.sub(r'\\\n|\n(?= {8,}[\[(])', ' ', text)
        for found in COMMAND.findall(joined):
            yield Command(page, ' '.join(found.split()))


EVERY = [command for command in commands() if not command.is_synopsis]
SYNOPSES = [command for command in commands() if command.is_synopsis]
SCRIPTS = [command for command in EVERY if command.tool.endswith('.py')]
HERE = [c for c in SCRIPTS if any(re.search(pattern, c.text) for pattern in RUN_HERE)]


def name(command: Command) -> str:
    return f'{command.page}: {command.text[:80]}'


def cli_of(tool: str) -> Any:
    """The module of the command line that a tool calls."""
    text = (ROOT / tool).read_text(encoding='utf-8')
    found = re.search(r'^ *from (ostrdet\.commands[\w.]+) import main$', text, re.MULTILINE)
    assert found, tool
    return importlib.import_module(found[1])


def parse_benchmark(tool: str, argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the script parse its arguments, and go no further."""
    parse, parsed = argparse.ArgumentParser.parse_args, []

    def stop(self: argparse.ArgumentParser) -> None:
        parsed.append(parse(self, argv))
        sys.exit()

    monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', stop)
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / tool), run_name='__main__')
    assert parsed


def options(parser: argparse.ArgumentParser) -> set[str]:
    """All options of a parser and of its subcommands."""
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for child in action.choices.values() for option in options(child)}
    return found


def test_there_are_commands() -> None:
    assert {command.page for command in EVERY} >= {'README.md', 'tour.md', 'detection.md'}
    assert not [
        page for page, text in TEXTS.items() if re.search(r'^```(?!$|\{)', text, re.MULTILINE)
    ]


@pytest.mark.parametrize('command', SCRIPTS, ids=name)
def test_a_command_parses(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    if command.tool.startswith('benchmarks/'):
        parse_benchmark(command.tool, command.arguments, monkeypatch)
    else:
        cli_of(command.tool).build_parser().parse_args(command.arguments)
    shown = {
        config
        for text in TEXTS.values()
        for config in re.findall(r'^ {4}# (\S+)$', text, re.MULTILINE)
    }
    for config in re.findall(r'configs/\S+\.py', command.text):
        assert (ROOT / config).is_file() or config in shown, config
    for genotype in re.findall(r'--genotype ([\w-]+)(?= |$)', command.text):
        assert genotype == 'GENOTYPE' or get_genotype(genotype)


@pytest.mark.parametrize('command', SYNOPSES, ids=name)
def test_a_synopsis_names_options_that_there_are(command: Command) -> None:
    named = set(re.findall(r'--[a-z][a-z-]*', command.text))
    assert named <= options(cli_of(command.tool).build_parser())


@pytest.mark.parametrize('command', [c for c in EVERY if c.tool == 'make'], ids=name)
def test_a_target_is_in_the_makefile(command: Command) -> None:
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    assert re.search(rf'^{command.arguments[0]}:', makefile, re.MULTILINE)


def first(patterns: list[str], command: Command) -> str:
    """The first pattern that the command matches."""
    matching = [pattern for pattern in patterns if re.search(pattern, command.text)]
    assert matching, f'{command} is not run, and has no reason in NOT_RUN'
    return matching[0]


def test_every_command_is_run_or_has_a_reason() -> None:
    patterns = [*RUN_HERE, *RUN_ELSEWHERE, *NOT_RUN]
    used = set()
    for command in EVERY:
        used.add(first(patterns, command))
    assert set(patterns) == used, 'a pattern that no command needs'
    walked = ' '.join(TEXTS['training.md'].split())
    for command in EVERY:
        if 'test_walkthrough' in RUN_ELSEWHERE.get(first(patterns, command), ''):
            assert command.text in walked, 'no command of the section that is walked through'
    assert all((ROOT / test).is_file() for test in RUN_ELSEWHERE.values())


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What earlier commands of the pages would have left."""
    path = tmp_path_factory.mktemp('reader')
    (path / 'configs').symlink_to(ROOT / 'configs')
    left = {'search': 'ostr_nb201', 'ostr_darts_c10': 'darts_v2', 'ostr_pc-darts_in1k': 'p-darts'}
    for run, genotype in left.items():
        (path / 'work_dirs' / run).mkdir(parents=True)
        save_genotype(get_genotype(genotype), path / 'work_dirs' / run / 'genotype.json')
    cell = (
        '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|'
        '+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
    )
    table = f'arch,cifar10,cifar100,imagenet16_120\n{cell},94.363,73.513,46.344\n'
    (path / 'TABLE.csv').write_text(table, encoding='utf-8')
    return path


@pytest.mark.parametrize('command', HERE, ids=name)
def test_a_quick_command_runs(
    command: Command, folder: Path, quick_dump: None, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.chdir(folder)
    small = SMALL.get(Path(command.tool).stem, [])
    assert cli_of(command.tool).main([*command.arguments, *small]) == 0
    out, err = capfd.readouterr()
    assert out or '--out' in command.arguments
    assert 'error' not in err
