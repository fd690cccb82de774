"""Options of a command as a dataclass: the parser, the values and the call that derive from it."""

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from typing import Any

import pytest

from ostrdet.analysis.analyses import ANALYSES
from ostrdet.apis.evaluate import evaluate
from ostrdet.apis.export import export
from ostrdet.apis.latency import benchmark_latency
from ostrdet.apis.predict import predict
from ostrdet.apis.publish import publish
from ostrdet.apis.rehearse import check
from ostrdet.apis.search import build_search
from ostrdet.apis.select import select
from ostrdet.apis.train import build_training
from ostrdet.commands.analyze import COMMANDS
from ostrdet.commands.analyze_options import OutOptions
from ostrdet.commands.benchmark_latency import LatencyOptions
from ostrdet.commands.check import CheckOptions
from ostrdet.commands.export import ExportOptions
from ostrdet.commands.options import Options, argument, flag, option
from ostrdet.commands.predict import PredictOptions
from ostrdet.commands.publish import PublishOptions
from ostrdet.commands.search import SearchOptions
from ostrdet.commands.select import SelectOptions
from ostrdet.commands.study import StudyOptions
from ostrdet.commands.test import EvaluateOptions
from ostrdet.commands.train import TrainOptions
from ostrdet.studies.study import run_study


@dataclass(frozen=True, kw_only=True)
class Shared(Options):
    config: str = argument('CONFIG', 'a file')
    work_dir: str | None = option('a folder', metavar='DIR')
    keys: Sequence[str] = option('more', default=[], nargs='+', action='extend')


@dataclass(frozen=True, kw_only=True)
class Own(Shared):
    config: str = argument('CONFIG', 'a file of my own')
    word: str = argument('WORD', 'a word', nargs='?', default='none')
    size: tuple[int, int] | None = option('pixels', nargs=2, metavar=('H', 'W'), before='keys')
    rate: float = option('a rate', default=0.5, name='--learning-rate', metavar='R')
    out: str = option('a file', required=True, metavar='FILE')
    is_fast: bool = flag('be fast', name='--fast', before='work_dir')


def parser_of(options: type[Options]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='tool', add_help=False)
    options.add_to(parser)
    return parser


def read(*argv: str) -> Own:
    return Own.from_args(parser_of(Own).parse_args(argv))


def test_the_help_has_the_texts_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('COLUMNS', '80')
    assert parser_of(Own).format_help() == (
        'usage: tool [--fast] [--work-dir DIR] [--size H W] [--keys KEYS [KEYS ...]]\n'
        '            [--learning-rate R] --out FILE\n'
        '            CONFIG [WORD]\n'
        '\n'
        'positional arguments:\n'
        '  CONFIG                a file of my own\n'
        '  WORD                  a word\n'
        '\n'
        'options:\n'
        '  --fast                be fast\n'
        '  --work-dir DIR        a folder\n'
        '  --size H W            pixels\n'
        '  --keys KEYS [KEYS ...]\n'
        '                        more\n'
        '  --learning-rate R     a rate\n'
        '  --out FILE            a file\n'
    )


def test_what_is_left_out_has_its_default() -> None:
    assert vars(read('c.py', '--out', 'o')) == {
        'config': 'c.py',
        'work_dir': None,
        'keys': [],
        'word': 'none',
        'size': None,
        'rate': 0.5,
        'out': 'o',
        'is_fast': False,
    }


def test_words_become_values_of_the_type_of_the_field() -> None:
    found = read(
        *('c.py', 'w', '--out', 'o', '--size', '3', '4', '--learning-rate', '2', '--fast'),
        *('--keys', '1', '2', '--keys', '3'),
    )
    assert found.size == [3, 4]
    assert (found.rate, type(found.rate)) == (2.0, float)
    assert (found.keys, found.word, found.is_fast) == (['1', '2', '3'], 'w', True)


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        (['--out', 'o'], 'the following arguments are required: CONFIG'),
        (['c.py'], 'the following arguments are required: --out'),
        (['c.py', '--out', 'o', '--size', '1', 'x'], "argument --size: invalid int value: 'x'"),
        (['c.py', 'w', 'x', '--out', 'o'], 'unrecognized arguments: x'),
    ],
)
def test_bad_words_are_refused(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read(*argv)
    assert capsys.readouterr().err.splitlines()[-1] == f'tool: error: {message}'


def test_one_reading_leaves_nothing_to_the_next() -> None:
    parser = parser_of(Own)
    assert Own.from_args(parser.parse_args(['c', '--out', 'o', '--keys', 'a'])).keys == ['a']
    assert Own.from_args(parser.parse_args(['c', '--out', 'o'])).keys == []


def test_values_are_for_the_call() -> None:
    found = read('c.py', '--out', 'o')
    assert list(found.without('out', 'size', 'keys', 'word', 'rate')) == [
        'config',
        'work_dir',
        'is_fast',
    ]
    with pytest.raises(FrozenInstanceError):
        found.out = 'p'  # type: ignore[misc]


def test_an_option_can_only_precede_an_inherited_one() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Lost(Shared):
        seed: int | None = option('a seed', before='nowhere')

    with pytest.raises(ValueError, match="'nowhere' is not in list"):
        parser_of(Lost)


def test_a_new_option_reaches_the_call_from_its_field_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ostrdet.apis import search as api
    from ostrdet.commands import search as command

    @dataclass(frozen=True, kw_only=True)
    class More(SearchOptions):
        epochs: int | None = option('epochs of the run', metavar='N', before='seed')

    called: dict[str, Any] = {}
    monkeypatch.setattr(command, 'SearchOptions', More)
    monkeypatch.setattr(api, 'search', called.update)
    assert '[--resume [PATH]] [--epochs N] [--seed N]' in ' '.join(
        command.build_parser().format_usage().split()
    )
    assert command.main(['c.py', '--epochs', '3']) == 0
    assert (called['epochs'], called['config'], called['launcher']) == (3, 'c.py', 'none')


#: Commands that hand all their options on, and the function whose signature says what it takes.
CALLED: dict[type[Options], Callable[..., Any]] = {
    SearchOptions: build_search,
    TrainOptions: build_training,
    ExportOptions: export,
    PublishOptions: publish,
    StudyOptions: run_study,
    PredictOptions: predict,
    EvaluateOptions: evaluate,
    CheckOptions: check,
}


def default(one: Field[Any]) -> Any:
    """The default of a field, as a signature says it."""
    if one.default_factory is not MISSING:
        return tuple(one.default_factory())
    return inspect.Parameter.empty if one.default is MISSING else one.default


@pytest.mark.parametrize('options', CALLED, ids=lambda options: options.__name__)
def test_options_are_the_arguments_of_the_function(options: type[Options]) -> None:
    parameters = inspect.signature(CALLED[options]).parameters.values()
    assert {one.name: default(one) for one in fields(options)} == {
        one.name: one.default for one in parameters
    }


@pytest.mark.parametrize(
    ('options', 'function', 'own', 'others'),
    [
        (SelectOptions, select, {'json'}, set()),
        (
            LatencyOptions,
            benchmark_latency,
            {'config', 'genotype', 'layout', 'size', 'ops', 'json'},
            {'network', 'size'},
        ),
    ],
    ids=['select', 'benchmark_latency'],
)
def test_options_but_those_of_the_command_are_the_arguments(
    options: type[Options], function: Callable[..., Any], own: set[str], others: set[str]
) -> None:
    parameters = inspect.signature(function).parameters.values()
    assert {one.name: default(one) for one in fields(options) if one.name not in own} == {
        one.name: one.default for one in parameters if one.name not in others
    }


@pytest.mark.parametrize('command', COMMANDS)
def test_options_of_an_analysis_are_its_arguments(command: str) -> None:
    _, options = COMMANDS[command]
    parameters = inspect.signature(ANALYSES[command]).parameters.values()
    found = {one.name: default(one) for one in (*fields(options), *fields(OutOptions))}
    # The function has no folder of its own to write into
    assert found | {'out': inspect.Parameter.empty} == {one.name: one.default for one in parameters}
