"""Weights in files: read, refused, compared."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ostrdet.datasets.class_names import saved_classes
from ostrdet.engine.checkpoint import METADATA, check_state, read_checkpoint, read_state
from ostrdet.errors import DamagedFileError

STATE = {'a': torch.arange(3.0), 'b.weight': torch.ones(2, 2)}


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_a_checkpoint_is_read(tmp_path: Path, prefix: str) -> None:
    state = {prefix + name: value for name, value in STATE.items()}
    torch.save({'state_dict': state, 'meta': {'epoch': 3}}, tmp_path / 'a.pth')
    assert equal(read_state(tmp_path / 'a.pth'), STATE)
    assert read_checkpoint(tmp_path / 'a.pth')['meta'] == {'epoch': 3}


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / 'a.safetensors')
    assert equal(read_state(tmp_path / 'a.safetensors'), STATE)


@pytest.mark.parametrize('words', ['text', '[1]', '{"classes": null}', '{}'])
def test_what_another_program_wrote_beside_weights_tells_no_classes(
    tmp_path: Path, words: str
) -> None:
    save_file(STATE, tmp_path / 'a.safetensors', {METADATA: words})
    found = read_checkpoint(tmp_path / 'a.safetensors')
    assert equal(found['state_dict'], STATE)
    assert saved_classes(found) == ()


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    torch.save({'state_dict': STATE, 'extra': Trap(tmp_path / 'sprung')}, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='holds more than tensors and plain values'):
        read_state(tmp_path / 'a.pth')
    assert not (tmp_path / 'sprung').exists()


@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors'])
@pytest.mark.parametrize('damage', ['half', 'empty', 'text'])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: str) -> None:
    path = tmp_path / name
    if path.suffix == '.pth':
        torch.save({'state_dict': STATE}, path)
    else:
        save_file(STATE, path)
    data = path.read_bytes()
    path.write_bytes({'half': data[: len(data) // 2], 'empty': b'', 'text': b'weights'}[damage])
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read_state(path)
    assert "can't be read as" in str(caught.value)


@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors'])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        read_state(tmp_path / name)
    assert caught.value.filename == str(tmp_path / name)


@pytest.mark.parametrize(
    'content', [[1, 2], {'weights': {}}, {'state_dict': 3}, {'state_dict': {1: 2}}]
)
def test_what_is_no_checkpoint_is_named(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r"a\.pth' is no checkpoint of a runner"):
        read_state(tmp_path / 'a.pth')


def test_equal_states_pass() -> None:
    check_state(STATE, {name: torch.zeros_like(value) for name, value in STATE.items()}, 'a.pth')


def test_every_kind_of_difference_is_counted_and_named() -> None:
    found = {'a': torch.zeros(3), 'b.weight': torch.zeros(2, 3), 'd': torch.zeros(1)}
    wanted = {**STATE, **{f'c{i}': torch.zeros(1) for i in range(5)}}
    with pytest.raises(ValueError, match=r"'x\.pth' is of another architecture") as caught:
        check_state(found, wanted, 'x.pth')
    message = str(caught.value)
    assert '5 keys missing (c0, c1, c2, ...)' in message
    assert '1 keys not in this network (d)' in message
    assert '1 keys of another shape (b.weight (2, 3) instead of (2, 2))' in message
    assert message.endswith('Give the config and the genotype that it was trained with')


class Reach:
    """Pickles as a call of ``getattr``, from which every function can be reached."""

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (torch.Size, 'numel')


def test_a_checkpoint_can_not_reach_for_attributes(tmp_path: Path) -> None:
    torch.save({'state_dict': {}, 'x': Reach()}, tmp_path / 'epoch_1.pth')
    with pytest.raises(DamagedFileError, match='more than tensors and plain values'):
        read_checkpoint(tmp_path / 'epoch_1.pth')
