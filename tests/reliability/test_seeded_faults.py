"""The faults that ``seeded_faults.py`` seeds still fit the code, and their tests exist."""

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest

SPEC: Any = importlib.util.spec_from_file_location(
    'seeded_faults', Path(__file__).with_name('seeded_faults.py')
)
seeded_faults: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(seeded_faults)


@pytest.mark.parametrize('name', seeded_faults.FAULTS)
def test_a_fault_can_be_seeded(name: str, repo_root: Path) -> None:
    fault = seeded_faults.FAULTS[name]
    text = seeded_faults.patched(fault)
    ast.parse(text)
    assert text != (repo_root / fault.file).read_text(encoding='utf-8')
    assert all((repo_root / test).exists() for test in fault.tests if test.startswith('tests/'))


def test_there_are_faults_enough() -> None:
    assert len(seeded_faults.FAULTS) >= 12


def test_a_fault_that_does_not_fit_is_told() -> None:
    fault = seeded_faults.Fault('ostrdet/version.py', 'not there', '', ())
    with pytest.raises(ValueError, match=r'ostrdet/version\.py has 0 times: not there'):
        seeded_faults.patched(fault)
