"""The layout of the code: floors of imports, sizes of files and functions, reserved names.

A rule is a function from the files of a tree to the breaches found in them. Each is tested twice:
on the repository, and on a small tree that breaks it.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

# A file imports from its own folder and from lower floors; folders of one floor never meet.
FLOORS = (
    {'version', 'errors'},
    {'__init__', 'invocation', 'output', 'quiet', 'registry', 'safe_pickle', 'structures'},
    {'kernels', 'spaces'},
    {'models', 'selection'},
    {'networks'},
    {'datasets'},
    {'evaluation'},
    {'records'},
    {'visualization'},
    {'engine'},
    {'compat'},
    {'settings'},
    {'apis'},
    {'analysis'},
    {'studies'},
    {'commands'},
    {'tools', 'benchmarks'},
)
LEVELS = {name: level for level, floor in enumerate(FLOORS) for name in floor}
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40

Tree = Mapping[PurePosixPath, ast.Module]
Texts = dict[str, str]


class Import(NamedTuple):
    module: str
    line: int
    only_for_types: bool


def parse(texts: Texts) -> Tree:
    return {PurePosixPath(path): ast.parse(text, path) for path, text in texts.items()}


def imports(path: PurePosixPath, tree: Tree) -> Iterator[Import]:
    """The modules that a file imports; of ``from package import name``, the submodule if it is one."""
    for_types = {
        id(node)
        for block in ast.walk(tree[path])
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith('TYPE_CHECKING')
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree[path]):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f'{path}:{node.lineno}: a relative import'
            modules = [_module_of(node.module, alias.name, tree) for alias in node.names]
        else:
            continue
        yield from (Import(module, node.lineno, id(node) in for_types) for module in modules)


def _module_of(package: str, name: str, tree: Tree) -> str:
    submodule = PurePosixPath(package.replace('.', '/'), name)
    exists = submodule.with_suffix('.py') in tree or submodule / '__init__.py' in tree
    return f'{package}.{name}' if exists else package


def wrong_floors(tree: Tree) -> Iterator[str]:
    """Imports of the package that go up, or across to another folder of the same floor."""
    for path in tree:
        own = _floor_name(path)
        for module, line, _ in imports(path, tree):
            package, _, rest = module.partition('.')
            other = rest.partition('.')[0]
            if package != 'ostrdet' or not other or other == own:
                continue
            if own not in LEVELS or other not in LEVELS:
                yield f'{path}:{line}: imports {module}: {own} or {other} has no floor'
            elif LEVELS[own] <= LEVELS[other]:
                yield f'{path}:{line}: imports {module}, which is no lower than {own}'


def _floor_name(path: PurePosixPath) -> str:
    parts = path.with_suffix('').parts
    return parts[1] if parts[0] == 'ostrdet' else parts[0]


def folder_cycles(tree: Tree) -> Iterator[str]:
    """A cycle between folders; that a package's ``__init__`` lists its subfolders is none."""
    graph: dict[str, set[str]] = {}
    for path in tree:
        folder = path.parent
        for module, *_ in imports(path, tree):
            target = PurePosixPath(module.replace('.', '/'))
            if target / '__init__.py' not in tree:
                target = target.parent
            lists_own = path.name == '__init__.py' and folder in target.parents
            if target != folder and not lists_own:
                graph.setdefault(str(folder), set()).add(str(target))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield ' <- '.join(error.args[1])


def impure_structures(tree: Tree) -> Iterator[str]:
    """What ``structures`` imports besides the standard library, other than for annotations."""
    for path in tree:
        if not path.is_relative_to('ostrdet/structures'):
            continue
        for module, line, only_for_types in imports(path, tree):
            known = sys.stdlib_module_names | {'ostrdet'}
            if not only_for_types and module.partition('.')[0] not in known:
                yield f'{path}:{line}: imports {module}'


def named_spaces(tree: Tree) -> Iterator[str]:
    """Places outside ``spaces`` that name one of its classes, in code or in a string."""
    home = PurePosixPath('ostrdet/spaces')
    spaces = {
        node.name
        for path in tree
        if path.is_relative_to(home) and path.name != 'base.py'
        for node in ast.walk(tree[path])
        if isinstance(node, ast.ClassDef)
    }
    for path in tree:
        if not path.is_relative_to(home):
            for line, text in _names_and_strings(tree[path]):
                for name in spaces.intersection(re.findall(r'\w+', text)):
                    yield f'{path}:{line}: names {name}'


def _names_and_strings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """What a file says, with its lines; docstrings, and the examples in them, are left out."""
    docstrings = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias):
            yield node.lineno, node.name
        elif isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield node.lineno, str(node.value)


def long_functions(tree: Tree) -> Iterator[str]:
    """Functions over the limit, counted from ``def`` to the last line, without the docstring."""
    for path in tree:
        for node in ast.walk(tree[path]):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = _num_lines(node)
            if ast.get_docstring(node) is not None:
                lines -= _num_lines(node.body[0])
            if lines > MAX_FUNCTION_LINES:
                yield f'{path}:{node.lineno}: {node.name} has {lines} lines'


def _num_lines(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def utils(tree: Tree) -> Iterator[str]:
    """Files or folders named utils."""
    yield from (str(path) for path in tree if 'utils' in path.with_suffix('').parts)


def long_files(texts: Texts) -> Iterator[str]:
    """Files over the limit."""
    for path, text in texts.items():
        if (lines := len(text.splitlines())) > MAX_FILE_LINES:
            yield f'{path}: {lines} lines'


Rule = Callable[[Tree], Iterator[str]]
RULES: list[Rule] = [
    wrong_floors,
    folder_cycles,
    impure_structures,
    named_spaces,
    long_functions,
    utils,
]


@pytest.fixture(scope='module')
def package(repo_root: Path) -> Texts:
    return _read(repo_root, 'ostrdet', 'tools', 'benchmarks')


def _read(root: Path, *folders: str) -> Texts:
    return {
        file.relative_to(root).as_posix(): file.read_text(encoding='utf-8')
        for folder in folders
        for file in sorted((root / folder).rglob('*.py'))
    }


@pytest.mark.parametrize('rule', RULES)
def test_package_keeps_the_rule(rule: Rule, package: Texts) -> None:
    assert 'ostrdet/registry.py' in package
    assert list(rule(parse(package))) == []


def test_no_file_is_too_long(package: Texts, repo_root: Path) -> None:
    assert list(long_files(package | _read(repo_root, 'tests'))) == []


def test_no_test_is_too_long(repo_root: Path) -> None:
    assert list(long_functions(parse(_read(repo_root, 'tests')))) == []


LONG = 'def f(\n    x,\n):\n    """Doc.\n\n    More.\n    """\n' + '    x = 1\n' * 38
BREACHES: list[tuple[Rule, Texts, str]] = [
    (wrong_floors, {'ostrdet/spaces/a.py': 'import ostrdet.engine.hooks'}, 'ostrdet.engine'),
    (wrong_floors, {'ostrdet/models/a.py': 'from ostrdet.selection import b'}, 'selection'),
    (wrong_floors, {'ostrdet/selection/a.py': 'from ostrdet.models import b'}, 'models'),
    (wrong_floors, {'ostrdet/structures/a.py': 'import ostrdet.registry'}, 'registry'),
    (wrong_floors, {'ostrdet/registry.py': 'from ostrdet.spaces import b'}, 'spaces'),
    (wrong_floors, {'ostrdet/engine/a.py': 'def f():\n    import ostrdet.apis'}, 'a.py:2'),
    (wrong_floors, {'ostrdet/new/a.py': 'import ostrdet.spaces'}, 'has no floor'),
    (
        wrong_floors,
        {'ostrdet/spaces/a.py': 'from ostrdet import apis', 'ostrdet/apis/__init__.py': ''},
        'ostrdet.apis',
    ),
    (
        folder_cycles,
        {
            'ostrdet/models/ops/a.py': 'from ostrdet.models.networks import b',
            'ostrdet/models/networks/__init__.py': '',
            'ostrdet/models/networks/b.py': 'from ostrdet.models.ops.a import c',
        },
        'ostrdet/models/networks <- ostrdet/models/ops',
    ),
    (impure_structures, {'ostrdet/structures/a.py': 'from torch import nn'}, 'torch'),
    (
        named_spaces,
        {
            'ostrdet/spaces/a.py': 'class RingSpace: ...',
            'tools/a.py': '"""RingSpace."""\nb = {"type": "ostrdet.RingSpace"}',
        },
        'tools/a.py:2: names RingSpace',
    ),
    (
        named_spaces,
        {
            'ostrdet/spaces/a.py': 'class RingSpace: ...',
            'ostrdet/apis/a.py': 'from ostrdet.spaces import RingSpace',
        },
        'apis/a.py:1',
    ),
    (long_functions, {'ostrdet/apis/a.py': LONG}, 'f has 41 lines'),
    (utils, {'ostrdet/models/utils/a.py': ''}, 'ostrdet/models/utils/a.py'),
]


@pytest.mark.parametrize(('rule', 'texts', 'expected'), BREACHES)
def test_rule_finds_a_breach(rule: Rule, texts: Texts, expected: str) -> None:
    (breach,) = rule(parse(texts))
    assert expected in breach


def test_rules_allow_what_they_should() -> None:
    texts = {
        'ostrdet/structures/a.py': (
            'import json\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch'
        ),
        'ostrdet/spaces/a.py': 'class RingSpace:\n    """An example."""',
        'ostrdet/models/__init__.py': 'from ostrdet.models import ops',
        'ostrdet/models/ops/__init__.py': 'from ostrdet.models.base import b',
        'ostrdet/models/base.py': '"""See RingSpace."""\nimport torch\nimport ostrdet.spaces.a',
        'tools/a.py': LONG.removesuffix('    x = 1\n'),
    }
    assert [breach for rule in RULES for breach in rule(parse(texts))] == []


def test_long_file_is_found() -> None:
    texts = {'tools/a.py': '\n' * 300, 'tools/b.py': '\n' * 301}
    assert list(long_files(texts)) == ['tools/b.py: 301 lines']
