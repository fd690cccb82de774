"""A search opened for measurements: its state is that of the checkpoint, and nothing is written."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.open_search import OpenSearch, config_of, epoch_checkpoints


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Sizes and times of change of all files."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob('*')}


def test_the_state_is_that_of_the_checkpoint(searches: Any) -> None:
    folder = searches.folders[0]
    before = contents(folder)
    search = OpenSearch(folder)
    for epoch in (2, 1):
        path = folder / f'epoch_{epoch}.pth'
        assert search.load(path) == epoch
        saved = torch.load(path, weights_only=True)['state_dict']
        for name, value in search.searcher.state_dict().items():
            assert torch.equal(value.to(saved[name].dtype), saved[name])
    assert search.searcher.alpha_cell.dtype == torch.float64
    assert search.searcher.supernet.engine == 'plain'
    assert contents(folder) == before


def test_minibatches_are_the_same_in_every_call_and_of_the_architecture_half(searches: Any) -> None:
    first, second = (OpenSearch(searches.folders[0], num_batches=3) for _ in range(2))
    assert [len(batch.labels) for batch in first.batches] == [16] * 3
    for one, other in zip(first.batches, second.batches, strict=True):
        assert one.images.dtype == torch.float64
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
    assert not torch.equal(first.batches[0].images, first.batches[1].images)


def test_measuring_changes_no_running_statistic(searches: Any) -> None:
    search = OpenSearch(searches.folders[0])
    before = {name: buffer.clone() for name, buffer in search.searcher.named_buffers()}
    loss = search.searcher.mix_loss(search.batches[0], search.searcher.mix())
    assert loss.isfinite()
    assert all(torch.equal(before[name], b) for name, b in search.searcher.named_buffers())


@pytest.mark.parametrize('number', [0, 5])
def test_batches_that_there_are_not(searches: Any, number: int) -> None:
    with pytest.raises(ValueError, match=f'--batches {number}: expected 1 to 4'):
        OpenSearch(searches.folders[0], num_batches=number)


def test_the_config_is_the_one_of_the_work_dir(searches: Any, tmp_path: Path) -> None:
    assert config_of(searches.folders[0]).name == 'ostr_nb201_digits.py'
    with pytest.raises(FileNotFoundError, match=r'holds no config \(\*\.py\)'):
        config_of(tmp_path)
    for name in ('a.py', 'b.py'):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r'holds several configs: a\.py, b\.py'):
        config_of(tmp_path)


def test_only_whole_epochs_count_oldest_first(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'holds no checkpoint epoch_N\.pth'):
        epoch_checkpoints(tmp_path)
    for name in ('epoch_10', 'epoch_2', 'epoch_2_iter_7'):
        (tmp_path / f'{name}.pth').touch()
    assert [path.stem for path in epoch_checkpoints(tmp_path)] == ['epoch_2', 'epoch_10']


def test_a_checkpoint_of_another_search_is_refused(searches: Any, tmp_path: Path) -> None:
    state = torch.load(searches.folders[0] / 'epoch_1.pth', weights_only=True)
    del state['state_dict']['alpha_cell']
    torch.save(state, tmp_path / 'other.pth')
    search = OpenSearch(searches.folders[0])
    with pytest.raises(ValueError, match=r'other.pth. is of another architecture: 1 keys missing'):
        search.load(tmp_path / 'other.pth')
    shutil.copyfile(searches.table, tmp_path / 'damaged.pth')
    with pytest.raises(ValueError, match=r"damaged.pth. can't be read as a checkpoint"):
        search.load(tmp_path / 'damaged.pth')
