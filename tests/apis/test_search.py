"""A search from Python: what ``tools/search.py`` does, with a runner to look at."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.apis.search import build_search, search
from ostrdet.spaces.zoo import get_genotype


def test_a_search_returns_its_runner(tiny_config: Any, tmp_path: Path) -> None:
    runner = search(tiny_config({'train_cfg.max_epochs': 1}), work_dir=tmp_path, seed=5)
    assert (runner.epoch, runner.seed, runner.work_dir) == (1, 5, str(tmp_path))
    assert get_genotype(tmp_path / 'genotype.json').provenance['seed'] == 5


def test_autocast_runs_on_a_cpu(tiny_config: Any, tmp_path: Path) -> None:
    overrides = {'train_cfg.max_epochs': 1}
    plain = search(tiny_config(overrides), work_dir=tmp_path / 'plain').model
    half = search(tiny_config(overrides), work_dir=tmp_path / 'half', amp='bfloat16').model
    assert half.autocast == 'bfloat16'
    for parameter, other in zip(half.parameters(), plain.parameters(), strict=True):
        assert parameter.dtype == torch.float32
        assert parameter.isfinite().all()
        torch.testing.assert_close(parameter, other, atol=0.05, rtol=0)
    assert not torch.equal(half.alpha_cell, plain.alpha_cell)


def test_building_trains_nothing(tiny_config: Any, tmp_path: Path) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    assert (runner.epoch, runner.iter) == (0, 0)
    assert not list(tmp_path.glob('trajectory.jsonl'))


def test_a_config_without_a_file_will_do(tiny_config: Any, tmp_path: Path) -> None:
    config = Config(tiny_config({'train_cfg.max_epochs': 1}).to_dict())
    search(config, work_dir=tmp_path)
    assert get_genotype(tmp_path / 'genotype.json').provenance['config'] == ''


def test_refusals(tiny_config: Any, tmp_path: Path) -> None:
    (tmp_path / 'trajectory.jsonl').touch()
    with pytest.raises(FileExistsError, match='holds a search already: give --resume'):
        build_search(tiny_config(), work_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint 'none\.pth'"):
        build_search(tiny_config(), work_dir=tmp_path, resume='none.pth')
    assert build_search(tiny_config(), work_dir=tmp_path, resume='auto').epoch == 0


def test_one_runner_is_one_run(tiny_config: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='stages: this builds one run, not 2; use search'):
        build_search(tiny_config({'stages': [{}, {'keep': 3}]}), work_dir=tmp_path)
