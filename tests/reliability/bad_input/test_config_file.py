"""Config files that are damaged, or inherit what is not there."""

from pathlib import Path
from typing import Any

import pytest

WEIGHTS = "weights=dict(optimizer=dict(type='SGD', lr=0.1))"

#: By the text of a file, and its suffix; `search.py` beside it is a good one.
FILES: dict[str, tuple[str, bytes, tuple[str, ...]]] = {
    'base that is lost': (
        '.py',
        b"_base_ = './none.py'",
        (r"bad\.py'", r"none\.py': No such file"),
    ),
    'base of itself': (
        '.py',
        b"_base_ = './bad.py'",
        (r"'_base_' leads back to '.*bad\.py'", 'take it'),
    ),
    'base of another library': ('.py', b"_base_ = 'mmdet::none/none.py'", (r"bad\.py'", 'none.py')),
    'two bases with one key': (
        '.py',
        b"_base_ = ['./search.py', './search.py']",
        (r"bad\.py'", 'Duplicate key is not allowed'),
    ),
    'suffix': ('.txt', b'model = 1', (r"bad\.txt': expected one of \.py, \.json",)),
    'encoding': ('.py', b"model = '\xe9'", (r"bad\.py'.*utf-8",)),
    'binary': ('.py', b'\x00\x01', (r"bad\.py'.*null bytes",)),
    'syntax': ('.py', b'model = dict(', (r"bad\.py': '\(' was never closed",)),
    'undefined name': ('.py', b'model = net', (r"bad\.py': name 'net' is not defined",)),
    'error': ('.py', b'model = 1 / 0', (r"bad\.py': ZeroDivisionError: division by zero",)),
    'nothing': ('.py', b'', ('the config has no model', '_base_')),
    'JSON': ('.json', b'{"model": ', (r"bad\.json'.*Expecting value",)),
    'JSON list': ('.json', b'[1]', (r"bad\.json'.*expected keys and values, got a list",)),
    'YAML': ('.yaml', b'a: [1', (r"bad\.yaml'.*expected ',' or '\]'",)),
    'module that is lost': (
        '.py',
        b"_base_ = './search.py'\ncustom_imports = dict(imports=['no_such_module'])",
        (r"bad\.py': custom_imports: there is no module 'no_such_module'", 'PYTHONPATH=FOLDER'),
    ),
    'top-level key in a file': (
        '.py',
        b"_base_ = './search.py'\ncustom_hook = []",
        (r"config key 'custom_hook' is unknown\. Did you mean 'custom_hooks'\?",),
    ),
    'no optimizer of alpha': (
        '.py',
        (
            f"_base_ = './search.py'\noptim_wrapper = dict(_delete_=True, constructor='BilevelOptimWrapperConstructor', {WEIGHTS})"
        ).encode(),
        (r"optim_wrapper needs the keys \['weights', 'arch'\] .*got \['weights'\]",),
    ),
    'an empty optimizer of alpha': (
        '.py',
        b"_base_ = './search.py'\noptim_wrapper = dict(arch=dict(_delete_=True, type='OptimWrapper'))",
        (r"optim_wrapper\.arch needs the key 'optimizer'",),
    ),
    'no schedulers of alpha': (
        '.py',
        b"_base_ = './search.py'\nparam_scheduler = dict(_delete_=True, weights=[])",
        (r"param_scheduler needs a list.* keys \['arch', 'weights'\].*got \['weights'\]",),
    ),
    'schedulers of a third optimizer': (
        '.py',
        b"_base_ = './search.py'\nparam_scheduler = dict(alpha=[])",
        (r"param_scheduler needs.*got \['alpha', 'arch', 'weights'\]",),
    ),
    'one list of schedulers': (
        '.py',
        b"_base_ = './search.py'\nparam_scheduler = [dict(type='ConstantLR')]",
        (r'param_scheduler needs.*got one list for all',),
    ),
}


@pytest.mark.parametrize('case', FILES)
def test_files(refused: Any, search_config: Path, case: str) -> None:
    suffix, content, patterns = FILES[case]
    path = search_config.with_name('bad').with_suffix(suffix)
    path.write_bytes(content)
    refused('check', [path], *patterns)


def test_a_circle_of_bases(refused: Any, tmp_path: Path) -> None:
    for name, base in (('a', 'b'), ('b', 'c'), ('c', 'b')):
        (tmp_path / f'{name}.py').write_text(f"_base_ = './{base}.py'", encoding='utf-8')
    refused('train', [tmp_path / 'a.py'], r"a\.py'", r"'_base_' leads back to '.*b\.py'")
