"""A project of one's own: it searches and trains with its own parts, and nothing is written over."""

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands import new
from ostrdet.commands.main import main
from ostrdet.registry import CRITERIA, OPS
from ostrdet.spaces.zoo import get_genotype

FILES = ['README.md', 'my_project_parts.py', 'search.py', 'train.py']
SMALL = 'train_dataloader.dataset.size=8 val_dataloader.dataset.size=8 train_cfg.max_epochs=1 '
SEARCH = SMALL + 'model.supernet.channels=4 train_cfg.portions=(0.05,0.05)'
TRAIN = SMALL + 'model.backbone.channels=4 train_dataloader.dataset.indices=96'


def test_the_project_searches_and_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_dump: None, capsys: Any
) -> None:
    for registry in (CRITERIA, OPS):
        registry.import_from_location()
        monkeypatch.setattr(registry, '_module_dict', dict(registry.module_dict))
    monkeypatch.setattr('sys.path', [*sys.path])
    monkeypatch.chdir(tmp_path)
    assert main(['new', 'My-project']) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        'next: cd My-project && ostrdet search search.py'
    )
    monkeypatch.chdir('My-project')
    assert sorted(path.name for path in Path().iterdir()) == FILES
    readme = Path('README.md').read_text(encoding='utf-8')
    commands = [shlex.split(line) for line in re.findall(r'`ostrdet (.+?)`', readme)]
    assert [words[0] for words in commands] == ['search', 'train']
    for words, options in zip(commands, (SEARCH, TRAIN), strict=True):
        assert main([*words, '--cfg-options', *options.split()]) == 0
    genotype = get_genotype('work_dirs/search/genotype.json')
    assert genotype.space['ops'] == ['none', 'skip_connect', 'nor_conv_3x3', 'nor_conv_5x5']
    assert genotype.provenance['criterion'] == 'ShareOfStrength'
    assert Path('work_dirs/train_search/epoch_1.pth').is_file()
    assert 'next: ostrdet train train.py --genotype' in capsys.readouterr().out


def test_no_name_of_a_template_is_left(tmp_path: Path) -> None:
    files = new.write_project(tmp_path / 'mine')
    assert len(files) == len(FILES)
    assert not [path for path in files if 'PROJECT' in path.read_text('utf-8') + path.name]


@pytest.mark.parametrize('name', [*FILES, ''])
def test_what_is_there_stays(name: str, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / 'my_project'
    if name:
        folder.mkdir()
    there = folder / name if name else folder
    there.write_text('mine', encoding='utf-8')
    assert main(['new', str(folder)]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        '',
        f"error: '{there}' is there already, and stays; give another folder\n",
    )
    assert there.read_text(encoding='utf-8') == 'mine'
    assert [path.name for path in folder.glob('*')] == ([name] if name else [])


def test_other_files_of_the_folder_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path('notes.txt').write_text('mine', encoding='utf-8')
    assert main(['new', '.']) == 0
    assert len(list(tmp_path.iterdir())) == 1 + len(FILES)
