"""The faults that ``seeded_faults.py`` seeds still have their places, and their tests exist."""

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault import Fault
from fault_table import FAULTS
from seeded_faults import AT_START

HERE = Path(__file__).parent


@pytest.mark.parametrize('name', FAULTS)
def test_a_fault_can_be_seeded(name: str, repo_root: Path) -> None:
    fault = FAULTS[name]
    _, sound = fault.found(importlib.import_module(fault.module))
    broken = fault.replace(sound)
    assert broken != sound
    assert type(broken) is type(sound)
    if callable(sound):
        # Called as the sound one is, else the tests would catch the call and not the fault
        parameters = inspect.signature(sound).parameters.values()
        by_name = {p.name: None for p in parameters if p.kind is p.KEYWORD_ONLY}
        places = [
            None for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
        ]
        inspect.signature(broken).bind(*places, **by_name)
    assert all((repo_root / test).exists() for test in fault.tests if test.startswith('tests/'))


def test_there_are_faults_enough() -> None:
    assert len(FAULTS) >= 20


@pytest.mark.parametrize('target', ['not_there', 'Path.not_there'])
def test_a_fault_that_has_lost_its_place_is_told(target: str) -> None:
    fault = Fault('ostrdet.structures.atomic', target, lambda _: None, ())
    with pytest.raises(AttributeError, match=rf'ostrdet\.structures\.atomic has no {target}'):
        fault.apply(importlib.import_module(fault.module))


def test_a_seeded_process_and_its_children_have_the_fault(tmp_path: Path, repo_root: Path) -> None:
    text = AT_START.format(name='written in place')
    (tmp_path / 'sitecustomize.py').write_text(text, encoding='utf-8')
    look = (
        'from ostrdet.structures.genotype_file import write_atomically; '
        'print(write_atomically.__module__)'
    )
    child = f'import subprocess, sys; subprocess.run([sys.executable, "-c", {look!r}], check=True)'
    path = os.pathsep.join(map(str, (tmp_path, HERE, repo_root)))
    for code in (look, child):
        done = subprocess.run(
            [sys.executable, '-c', code],
            env={**os.environ, 'PYTHONPATH': path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == 'fault_table'
