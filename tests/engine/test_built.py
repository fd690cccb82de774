"""Errors of what is built from a config carry its key; what is raised later is let through."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.model import initialize
from mmengine.registry import PARAM_SCHEDULERS, Registry
from torch import nn

from ostrdet.engine.built import config_error
from ostrdet.engine.runner import explained
from ostrdet.registry import build

PARTS = Registry('part', scope='ostrdet', locations=[])


@PARTS.register_module()
class Part:
    def __init__(self, size: int = 1, inner: Any = None, scale: tuple[float, ...] = ()) -> None:
        if size < 0:
            raise {-1: RuntimeError, -2: KeyError, -3: ValueError}[size]('a negative size')
        self.share = 1 / size
        self.inner = inner and PARTS.build(inner)


@PARTS.register_module()
class Wrapper:
    """Builds something that is not in the config, as the hook of an average does."""

    def __init__(self, size: int) -> None:
        self.part = PARTS.build({'type': 'Part', 'size': size})

    def run(self) -> None:
        raise RuntimeError('later')


def make(**part: Any) -> Config:
    return Config({'first': {'type': 'Part', 'size': 3}, 'list': [{'a': {'type': 'Part', **part}}]})


def fails(cfg: Config, node: Any) -> str:
    with pytest.raises(ValueError) as caught, explained(cfg):  # noqa: PT011 - the caller compares
        PARTS.build(node)
    return str(caught.value)


@pytest.mark.parametrize(
    ('size', 'reason'),
    [
        (0, 'ZeroDivisionError division by zero'),
        (-1, 'RuntimeError a negative size'),
        (-2, 'KeyError a negative size'),
        (-3, 'a negative size'),
        ('x', "'<' not supported between instances of 'str' and 'int'"),
    ],
)
def test_whatever_it_is_the_key_stands_in_front(size: Any, reason: str) -> None:
    cfg = make(size=size)
    assert fails(cfg, cfg.list[0].a).startswith(
        f"config key 'list.0.a': Part can not be built from size={size!r}: {reason}; fix the value"
    )


def test_the_innermost_part_is_named() -> None:
    cfg = make(size=2, inner={'type': 'Part', 'size': 0, 'scale': [1.0, 2.0]})
    outer = cfg.list[0].a.to_dict()
    assert fails(cfg, outer).startswith("config key 'list.0.a.inner': Part can not be built from ")


def test_what_a_part_builds_itself_is_sought_by_its_values() -> None:
    cfg = make(size=2)
    cfg.hook = {'type': 'Wrapper', 'size': 0}
    assert fails(cfg, cfg.hook).startswith("config key 'hook': Part can not be built from size=0")
    assert fails(Config(), {'type': 'Part', 'size': 0}).startswith('Part: Part can not be built')


def test_what_is_raised_later_keeps_its_type() -> None:
    with pytest.raises(RuntimeError, match='later'), explained(make()):
        PARTS.build({'type': 'Wrapper', 'size': 1}).run()
    with pytest.raises(ZeroDivisionError), explained(make()):
        1 / 0  # noqa: B018


def test_what_sets_the_weights_is_part_of_the_build() -> None:
    from mmengine.model import initialize

    init = {'type': 'Constant', 'val': 'much', 'layer': 'Linear'}
    cfg = Config({'model': {'type': 'X', 'init_cfg': init}})
    with (
        pytest.raises(ValueError, match=r"^config key 'model\.init_cfg': Constant can not"),
        explained(cfg),
    ):
        initialize(torch.nn.Linear(1, 1), init)


def test_messages_of_our_own_are_left_alone() -> None:
    with pytest.raises(KeyError, match=r"unknown part 'Prt'"), explained(make()):
        build(PARTS, {'type': 'Prt'})
    with pytest.raises(TypeError, match="has no argument 'sise'"), explained(make()):
        build(PARTS, {'type': 'Part', 'sise': 3})


def test_a_missing_file_is_no_matter_of_the_config() -> None:
    PARTS.register_module(name='read', module=Path.read_text, force=True)
    with pytest.raises(FileNotFoundError), explained(make()):
        PARTS.build({'type': 'read', 'self': Path('/none')})


def test_an_assertion_without_a_message_shows_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = 'def strict(size):\n    assert size != 13\n'
    (tmp_path / 'strict_part.py').write_text(code, encoding='utf-8')
    monkeypatch.syspath_prepend(tmp_path)
    strict = importlib.import_module('strict_part').strict
    PARTS.register_module(name='strict', module=strict, force=True)
    said = fails(make(), {'type': 'strict', 'size': 13})
    assert 'size=13: expected size != 13; fix' in said


def test_an_error_without_a_traceback_says_nothing() -> None:
    assert config_error(RuntimeError('x'), {}) is None


@pytest.mark.parametrize('begun', [False, True])
def test_layers_that_do_not_fit_are_the_config_s_fault_before_the_first_step(begun: bool) -> None:
    expected = RuntimeError if begun else ValueError
    with pytest.raises(expected) as caught, explained(Config({}), begun=lambda: begun):
        torch.ones(2, 3) @ torch.ones(2, 3)
    assert str(caught.value).startswith('model: its layers do not fit') != begun


def test_a_schedule_that_can_not_be_converted_has_its_key() -> None:
    """mmengine builds schedulers by a function of their own."""
    cfg = Config({'param_scheduler': [{'type': 'LinearLR', 'convert_to_iter_based': True}]})
    with (
        pytest.raises(ValueError, match=r"^config key 'param_scheduler\.0': LinearLR"),
        explained(cfg),
    ):
        PARAM_SCHEDULERS.build(dict(cfg.param_scheduler[0], by_epoch=False))


def test_weights_to_start_from_that_are_not_there_have_their_key() -> None:
    """mmengine builds what initialises a module, and calls it at once."""
    cfg = Config({'neck': {'init_cfg': {'type': 'Pretrained', 'checkpoint': '/none.pth'}}})
    with (
        pytest.raises(ValueError, match=r"^config key 'neck\.init_cfg': Pretrained .*none"),
        explained(cfg),
    ):
        initialize(nn.Linear(2, 2), cfg.neck.init_cfg)
