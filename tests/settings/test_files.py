"""Configs by the name that the package gives them, on the command line and as a base."""

from pathlib import Path

import pytest
from mmengine.config import Config

from ostrdet.settings.files import read_text
from ostrdet.settings.search import load_config

OTHER = 'ostrdet::search/ostr_darts_c10.py'
NAME = 'ostrdet::search/ostr_nb201_digits.py'


def test_a_packaged_config_is_read_by_its_name(repo_root: Path, tmp_path: Path) -> None:
    named = load_config(NAME, tmp_path)
    path = repo_root / 'configs' / 'search' / 'ostr_nb201_digits.py'
    assert named.to_dict() == load_config(path, tmp_path).to_dict()
    assert Path(str(named.filename)) == path


@pytest.mark.parametrize('base', [f"'{NAME}'", f"['{NAME}']"])
def test_a_packaged_config_is_a_base(base: str, tmp_path: Path) -> None:
    path = tmp_path / 'mine.py'
    path.write_text(f'_base_ = {base}\ntrain_cfg = dict(max_epochs=3)\n', encoding='utf-8')
    found, base = read_text(path), read_text(NAME)
    assert found.train_cfg.max_epochs == 3
    assert found.model == base.model  # no scope was put into its components


@pytest.mark.parametrize(
    'base',
    ['ostrdet::retrain/darts_c10.py', 'ostrdet::retinanet/retinanet_darts-v2_fpn_coco-mini.py'],
)
def test_a_base_keeps_the_components_of_other_libraries(base: str, tmp_path: Path) -> None:
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = '{base}'\n", encoding='utf-8')
    assert read_text(path).to_dict() == read_text(base).to_dict()


def test_mmengine_finds_its_own_bases_as_before() -> None:
    read_text(NAME)
    read_text(NAME)
    path, scope = Config._get_cfg_path('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py', 'a.py')
    assert (Path(path).name, scope) == ('retinanet_r50_fpn_1x_coco.py', 'mmdet')
    assert Config._get_cfg_path('b.py', '/c/a.py') == ('/c/b.py', None)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('configs/search/lost.py', "there is no config file 'configs/search/lost.py'$"),
        ('ostrdet::search/lost.py', "there is no config file 'ostrdet::search/lost.py'$"),
        ('configs/search/ostr_darts_c11.py', rf"c11\.py'\. Did you mean '{OTHER}'\?$"),
        ('configs/search/ostr_darts_c10.py', f"; the package has it as '{OTHER}'$"),
    ],
)
def test_a_config_that_is_not_there_is_named(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=message):
        read_text(name)


def test_data_inherits_no_program_of_the_package(tmp_path: Path) -> None:
    path = tmp_path / 'mine.json'
    path.write_text(f'{{"_base_": "{NAME}"}}', encoding='utf-8')
    with pytest.raises(ValueError, match='runs code, which only'):
        read_text(path)
