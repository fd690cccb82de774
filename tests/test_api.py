"""The root of the package: its calls and no more, without torch, and what docs/api.md shows of them."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import ostrdet
from ostrdet.structures import Genotype


def test_the_root_shows_the_calls_and_nothing_else() -> None:
    calls = ['build_backbone', 'build_derived', 'get_genotype', 'list_genotypes', 'search']
    assert dir(ostrdet) == ['__version__', *calls]
    assert all(callable(getattr(ostrdet, name)) for name in calls)
    with pytest.raises(
        AttributeError, match=r"no attribute 'build_darived'. Did you mean 'build_de"
    ):
        ostrdet.build_darived  # noqa: B018


def test_importing_it_is_free_of_torch_and_asking_for_a_call_is_quiet() -> None:
    code = (
        'import sys, ostrdet\nheavy = {"torch", "mmengine", "numpy"}\n'
        'assert dir(ostrdet) and not heavy & {*sys.modules}\n'
        'ostrdet.search\nassert "torch" in sys.modules'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_the_code_of_the_page_runs(
    repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_dump: None
) -> None:
    page = (repo_root / 'docs' / 'api.md').read_text(encoding='utf-8')
    blocks = [
        dedent(block) for block in re.findall(r'(?:^ {4}.*\n|^\n(?= {4}))+', page, re.MULTILINE)
    ]
    monkeypatch.chdir(tmp_path)
    from ostrdet.apis import search as module

    run = module.load_config
    small = ['train_cfg.max_epochs=1', 'train_cfg.portions=(0.05,0.05)']
    monkeypatch.setattr(
        module, 'load_config', lambda *words, **options: run(*words, cfg_options=small, **options)
    )
    found: dict[str, Any] = {}
    for block in blocks:
        exec(block, found)  # what the page shows
    assert isinstance(found['genotype'], Genotype)
    assert (tmp_path / 'work_dirs' / 'ostr_nb201_digits' / 'genotype.json').is_file()
    assert [tuple(f.shape) for f in found['features']] == [
        (1, 192, 28, 28),
        (1, 384, 14, 14),
        (1, 768, 7, 7),
    ]


def test_a_wrong_config_is_one_line_with_the_nearest() -> None:
    message = (
        r"no config file 'ostrdet::search/ostr_nb201_digit.py'. Did you mean '\S+digits.py'\?$"
    )
    with pytest.raises(FileNotFoundError, match=message):
        ostrdet.search('ostr_nb201_digit')
