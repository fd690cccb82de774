"""The folders of a search in stages, and what takes a single search alone."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.open_search import config_of, epoch_checkpoints
from ostrdet.commands.analyze import main as analyze
from ostrdet.commands.select import main as select
from ostrdet.records.search_log import read_log
from ostrdet.records.stages import searches_of, stage_folders


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A work dir in which eleven stages have begun; a twelfth was taken away."""
    for number in [*range(1, 12), 13]:
        (tmp_path / f'stage_{number}').mkdir()
    return tmp_path


def test_stages_come_in_their_order_up_to_the_first_that_lacks(staged: Path) -> None:
    assert [folder.name for folder in stage_folders(staged)] == [f'stage_{n}' for n in range(1, 12)]
    assert searches_of(staged) == stage_folders(staged)


def test_a_search_without_stages_is_its_own(staged: Path, tmp_path: Path) -> None:
    assert searches_of(tmp_path / 'stage_1') == [tmp_path / 'stage_1']
    (staged / 'trajectory.jsonl').touch()
    assert stage_folders(staged) == []


@pytest.mark.parametrize('read', [read_log, config_of, epoch_checkpoints])
def test_where_one_search_is_expected_the_folder_of_a_stage_is_named(
    read: Any, staged: Path
) -> None:
    with pytest.raises(ValueError, match=r"holds a search in 11 stages, .*such as '.*/stage_11'$"):
        read(staged)


@pytest.mark.parametrize('command', ['stability', 'criteria', 'correlation', 'race', 'landscape'])
def test_analyses_name_the_folder_of_a_stage(
    command: str, staged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze([command, str(staged), '--out', str(staged / 'out')]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"give the folder of a stage, such as '{staged / 'stage_11'}'")


def test_a_selection_names_the_folder_of_a_stage(
    staged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert select([str(staged)]) == 2
    assert "such as '" in capsys.readouterr().err
