"""The file of a study, read strictly."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.invocation import find_config
from ostrdet.registry import nearest

#: Where no overrides are given, there is one set of none.
NO_OVERRIDES: Mapping[str, tuple[str, ...]] = {'': ()}
TOOLS = ('search', 'train')


@dataclass(frozen=True)
class Parallel:
    """How many runs go side by side.

    Attributes:
        workers: At most so many runs at a time; None for as many as cores allow.
        threads: Threads of each run, at least 1. Results are equal to the bit for one number only.
        memory_gib: What one run needs in GiB; None to take it from the first run.
    """

    workers: int | None = None
    threads: int = 1
    memory_gib: float | None = None


@dataclass(frozen=True)
class Study:
    """What a study compares; every attribute is a key of its file.

    Attributes:
        configs: Config files by the name that tables give them.
        seeds: Seeds of every config.
        name: Of the study.
        tool: 'search' or 'train'.
        overrides: By name, options of the form 'key=value'; every config runs with each set.
        cfg_options: Options that all runs share.
        data_root: Folder of the data set, instead of the configs'.
        benchmark: Table of accuracies; of searches.
        genotype: What is trained; of trainings.
        parallel: How many runs go side by side.
        retries: How often a run that failed is tried again from its checkpoint.
        metrics: What the table compares; empty for the default.
        criteria: Whose cells are compared; empty for the criterion that decides each search.
    """

    configs: Mapping[str, str]
    seeds: Sequence[int]
    name: str = 'study'
    tool: str = 'search'
    overrides: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_OVERRIDES)
    cfg_options: tuple[str, ...] = ()
    data_root: str | None = None
    benchmark: str | None = None
    genotype: str | None = None
    parallel: Parallel = Parallel()
    retries: int = 1
    metrics: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()


class _StrictLoader(yaml.SafeLoader):
    """Plain values only, and no key twice, of which the first would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys differ."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' stands there twice")
        return super().construct_mapping(node, deep)


def read_study(path: str | Path) -> Study:
    """Read and check the file of a study.

    Raises:
        FileNotFoundError: If there is no such file.
        UnknownNameError: If a key is unknown; the nearest is offered.
        InvalidValueError: If it is no YAML, or a value is not what it should be.
    """
    file = find_config(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no study '{file}'")
    try:
        content = yaml.load(file.read_text(encoding='utf-8'), Loader=_StrictLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValueError(f"'{file}' is no YAML of a study: {error}") from None
    if not isinstance(content, dict):
        raise InvalidValueError(f"'{file}': expected keys and values, such as 'seeds: [0, 1, 2]'")
    _check_keys(content, CHECKS, f'{file}')
    values = {key: CHECKS[key](value, f'{file}: {key}') for key, value in content.items()}
    for key in ('configs', 'seeds'):
        if key not in values:
            raise InvalidValueError(f"'{file}': the key '{key}' is missing")
    values.setdefault('name', file.stem)
    _check_tool(values, f'{file}')
    return Study(**values)


def _check_keys(content: Mapping[Any, Any], known: Mapping[str, Any], where: str) -> None:
    for key in content:
        if key not in known:
            raise UnknownNameError(f"{where}: key '{key}' is unknown. {nearest(key, known)}")


def _check_tool(values: Mapping[str, Any], where: str) -> None:
    """Refuse keys that the tool of the study would not look at."""
    tool = values.get('tool', 'search')
    for key in {'search': ('genotype',), 'train': ('benchmark', 'criteria')}[tool]:
        if key in values:
            raise InvalidValueError(f"{where}: '{key}' says nothing to tool: {tool}; leave it out")


def _wrong(where: str, value: Any, expected: str) -> ValueError:
    return InvalidValueError(f'{where}: got {value!r}, expected {expected}')


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(where, value, 'a text')
    return value


def _folder_name(value: Any, where: str) -> str:
    """A text that can name a folder."""
    text = _text(value, where)
    if not text.replace('-', '').replace('_', '').replace('.', '').isalnum() or text[0] == '.':
        raise _wrong(where, value, "a name of letters, digits, '-', '_' and '.'")
    return text


def _number(kind: type, least: float) -> Callable[[Any, str], Any]:
    noun = 'a whole number' if kind is int else 'a number'

    def check(value: Any, where: str) -> Any:
        is_number = isinstance(value, int | kind) and not isinstance(value, bool)
        if not is_number or value < least:
            raise _wrong(where, value, f'{noun} from {least}')
        return value

    return check


def _different(items: list[Any], where: str) -> None:
    for item in items:
        if items.count(item) > 1:
            raise InvalidValueError(f"{where}: '{item}' stands there twice")


def _list(check: Callable[[Any, str], Any]) -> Callable[[Any, str], tuple[Any, ...]]:
    def check_all(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list) or not value:
            raise _wrong(where, value, 'a list')
        items = [check(item, f'{where}[{index}]') for index, item in enumerate(value)]
        _different(items, where)
        return tuple(items)

    return check_all


def _choice(*known: str) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if value not in known:
            raise UnknownNameError(f"{where}: '{value}' is unknown. {nearest(value, known)}")
        return str(value)

    return check


def _configs(value: Any, where: str) -> dict[str, str]:
    """Files by their names; a list is named after its files."""
    if isinstance(value, dict) and value:
        return {
            _folder_name(name, where): _text(file, f'{where}.{name}')
            for name, file in value.items()
        }
    files = _list(_text)(value, where)
    _different([Path(file).stem for file in files], where)
    return {_folder_name(Path(file).stem, where): file for file in files}


def _options(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, dict):
        raise _wrong(where, value, "config keys with values, such as 'train_cfg.max_epochs: 100'")
    return tuple(_flatten(value, ''))


def _flatten(value: Mapping[Any, Any], prefix: str) -> Iterator[str]:
    """Nested keys as dotted ones, with values as ``--cfg-options`` reads them."""
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield from _flatten(item, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}={_option(item)}'


def _option(value: Any) -> str:
    if isinstance(value, list):
        return f'[{",".join(map(_option, value))}]'
    return str(value)


def _overrides(value: Any, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        raise _wrong(where, value, "named sets of config keys, such as 'slow: {...}'")
    return {
        _folder_name(name, where): _options({} if items is None else items, f'{where}.{name}')
        for name, items in value.items()
    }


PARALLEL_CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    'workers': _number(int, 1),
    'threads': _number(int, 1),
    'memory_gib': _number(float, 0.01),
}


def _parallel(value: Any, where: str) -> Parallel:
    if not isinstance(value, dict):
        raise _wrong(where, value, f'the keys {", ".join(PARALLEL_CHECKS)}')
    _check_keys(value, PARALLEL_CHECKS, where)
    return Parallel(
        **{key: PARALLEL_CHECKS[key](item, f'{where}.{key}') for key, item in value.items()}
    )


CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    'name': _folder_name,
    'tool': _choice(*TOOLS),
    'configs': _configs,
    'seeds': _list(_number(int, 0)),
    'overrides': _overrides,
    'cfg_options': _options,
    'data_root': _text,
    'benchmark': _text,
    'genotype': _text,
    'parallel': _parallel,
    'retries': _number(int, 0),
    'metrics': _list(_text),
    'criteria': _list(_text),
}
