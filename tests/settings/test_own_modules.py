"""Modules of ``custom_imports``: found beside their config, and named with the cause where they fail."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostrdet.settings.files import read_text


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Python's path and modules as they were; the current folder is another than the config's."""
    monkeypatch.setattr(sys, 'path', list(sys.path))
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith('own_'):
            del sys.modules[name]


def config(folder: Path, custom_imports: str = "dict(imports=['own_ops'])") -> Path:
    path = folder / 'mine.py'
    path.write_text(f'custom_imports = {custom_imports}\n', encoding='utf-8')
    return path


@pytest.mark.parametrize('place', ['config', 'current'])
def test_a_module_is_found_beside_its_config_or_here(place: str, tmp_path: Path) -> None:
    folder = tmp_path if place == 'config' else Path.cwd()
    (folder / 'own_ops.py').write_text('WIDTH = 5', encoding='utf-8')
    read_text(config(tmp_path))
    assert sys.modules['own_ops'].WIDTH == 5
    assert sys.path[-2:] == [str(tmp_path), str(Path.cwd())]


def test_the_path_of_python_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'own_ops.py').write_text('WIDTH = 5', encoding='utf-8')
    (tmp_path / 'installed').mkdir()
    (tmp_path / 'installed' / 'own_ops.py').write_text('WIDTH = 7', encoding='utf-8')
    monkeypatch.syspath_prepend(tmp_path / 'installed')
    read_text(config(tmp_path))
    assert sys.modules['own_ops'].WIDTH == 7


def test_a_config_without_own_modules_leaves_the_path_alone(tmp_path: Path) -> None:
    (tmp_path / 'plain.py').write_text('a = 1', encoding='utf-8')
    before = list(sys.path)
    read_text(tmp_path / 'plain.py')
    assert sys.path == before


FAILURES = {
    'a name': ('x = 1\nregister(x)', "NameError: name 'register' is not defined", 2),
    'syntax': ('x = 1\n\ndef (', 'SyntaxError: invalid syntax', 3),
    'another module': ('import own_lost', "ModuleNotFoundError: No module named 'own_lost'", 1),
    'a name of a module': (
        'from os import nothing',
        "ImportError: cannot import name 'nothing'",
        1,
    ),
    'a value': ('def f():\n    raise ValueError("bad")\nf()', 'ValueError: bad', 2),
}


@pytest.mark.parametrize('case', FAILURES)
def test_an_error_inside_a_module_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    text, message, line = FAILURES[case]
    (tmp_path / 'own_ops.py').write_text(text, encoding='utf-8')
    with pytest.raises(ValueError, match=r"^config file '.*mine\.py': custom_imports: ") as caught:
        read_text(config(tmp_path))
    told = str(caught.value)
    assert f"'own_ops' fails as it is imported: {message}" in told
    assert told.endswith(f'({tmp_path}/own_ops.py, line {line})')


@pytest.mark.parametrize('name', ['own_ops', 'own_package.ops'])
def test_a_module_that_is_not_there_is_told_with_where_it_is_sought(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"there is no module '{name}' ") as caught:
        read_text(config(tmp_path, f"dict(imports=['{name}'])"))
    assert f"sought in '{tmp_path}', in the current folder and on PYTHONPATH" in str(caught.value)


def test_a_failure_may_be_allowed(tmp_path: Path) -> None:
    path = config(tmp_path, "dict(imports=['own_ops'], allow_failed_imports=True)")
    with pytest.warns(UserWarning, match="custom_imports: 'own_ops' is left out: No module named"):
        read_text(path)


@pytest.mark.parametrize(
    'value',
    ["['own_ops']", "'own_ops'", 'dict(import_=[])', 'dict(imports=[3])', 'dict(imports=3)'],
)
def test_another_form_is_named(value: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'custom_imports=.*, expected dict\(imports=\['):
        read_text(config(tmp_path, value))
