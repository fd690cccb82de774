"""The text of a config is formatted once, and never stale."""

from copy import deepcopy

import pytest
from mmengine.config import Config

from ostrdet.engine.runner.formatted_once import FormattedOnce

VALUES = {'a': {'b': [1, 2]}, 'c': 'text'}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What yapf was given."""
    found: list[str] = []

    def format_code(text: str, **_: object) -> tuple[str, bool]:
        found.append(text)
        return text, True

    monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', format_code)
    return found


def test_the_text_is_made_once(calls: list[str]) -> None:
    config = FormattedOnce.of(Config(VALUES))
    assert config.pretty_text == config.pretty_text == deepcopy(config).pretty_text == config.dump()
    assert len(calls) == 1
    assert config.pretty_text == Config(VALUES).pretty_text


def test_a_change_is_in_the_text(calls: list[str]) -> None:
    config = FormattedOnce.of(Config(VALUES))
    config.pretty_text  # noqa: B018
    for change in ({'a.b': [3]}, {'d': 5}):
        config.merge_from_dict(change)
        assert config.pretty_text == Config(config.to_dict()).pretty_text
    config.pop('d')
    assert config.pretty_text == Config({**VALUES, 'a': {'b': [3]}}).pretty_text


def test_it_has_the_values_of_its_origin() -> None:
    origin = Config(VALUES, filename=None)
    config = FormattedOnce.of(origin)
    assert isinstance(config, Config)
    assert config.to_dict() == VALUES
    assert config.a.b == [1, 2]
    assert config.filename is None
