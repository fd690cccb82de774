"""Logging back ends that fail: one warning, and the run continues."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mmengine.visualization import BaseVisBackend

from ostrdet.apis.search import search
from ostrdet.apis.train import train
from ostrdet.engine.isolated_backend import IsolatedVisBackend, isolate
from ostrdet.registry import VISBACKENDS

MOMENTS = ('init', 'add_config', 'add_scalars', 'close')


class RemoteVisBackend(BaseVisBackend):
    """A back end whose server is away at one moment; it counts what reaches it."""

    calls: list[str]

    def __init__(self, save_dir: str, fails_at: str = 'never') -> None:
        super().__init__(save_dir)
        self.fails_at = fails_at
        type(self).calls = []
        self._reach('init')

    def _reach(self, what: str) -> None:
        if what == self.fails_at:
            raise ConnectionError('the server is away')
        self.calls.append(what)

    def _init_env(self) -> None: ...

    @property
    def experiment(self) -> str:
        return 'experiment'

    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._reach('add_config')

    def add_scalars(self, scalar_dict: Any, *args: Any, **kwargs: Any) -> None:
        self._reach('add_scalars')

    def close(self) -> None:
        self._reach('close')


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    VISBACKENDS.register_module(module=RemoteVisBackend)
    yield
    del VISBACKENDS.module_dict[RemoteVisBackend.__name__]


def with_backend(fails_at: str) -> dict[str, Any]:
    remote = {'type': 'ostrdet.RemoteVisBackend', 'fails_at': fails_at}
    return {
        'train_cfg.max_epochs': 1,
        'default_hooks.logger.interval': 1,
        'visualizer.vis_backends': [{'type': 'LocalVisBackend'}, remote],
    }


@pytest.mark.parametrize('moment', MOMENTS)
def test_a_search_goes_on_and_warns_once(
    tiny_config: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], moment: str
) -> None:
    runner = search(tiny_config(with_backend(moment)), work_dir=tmp_path)
    assert runner.epoch == 1
    assert (tmp_path / 'epoch_1.pth').is_file()
    assert (tmp_path / 'genotype.json').is_file()
    log = (tmp_path / 'run.log').read_text(encoding='utf-8')
    captured = capfd.readouterr()
    for text in (log, captured.out + captured.err):
        assert len(re.findall(r'RemoteVisBackend failed in', text)) == 1
        assert 'ConnectionError: the server is away' in text
        assert 'visualizer.vis_backends' in text
    assert moment not in RemoteVisBackend.calls
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    assert 'arch_loss' in scalars.read_text(encoding='utf-8')


def test_a_training_goes_on(tiny_training: Any, tmp_path: Path) -> None:
    runner = train(tiny_training(with_backend('add_scalars')), work_dir=tmp_path)
    assert runner.epoch == 1
    assert (tmp_path / 'epoch_1.pth').is_file()


def test_a_back_end_that_works_gets_everything(
    tiny_config: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runner = search(tiny_config(with_backend('never')), work_dir=tmp_path)
    calls = RemoteVisBackend.calls
    assert calls[:2] == ['init', 'add_config']
    assert calls.count('add_scalars') >= 4
    assert calls[-1] == 'close'
    assert runner.visualizer.get_backend('RemoteVisBackend').experiment == 'experiment'
    assert 'failed' not in capfd.readouterr().err
    # What the work dir holds is the config as it was given
    assert 'IsolatedVisBackend' not in (tmp_path / 'ostr_nb201_digits.py').read_text('utf-8')


def test_configs_are_isolated_once() -> None:
    given = {
        'type': 'Visualizer',
        'vis_backends': {'type': 'mmdet.RemoteVisBackend', 'name': 'mine'},
    }
    found = isolate(given)
    inner = {'type': 'mmdet.RemoteVisBackend'}
    expected = {'type': 'ostrdet.IsolatedVisBackend', 'name': 'mine', 'backend': inner}
    assert found == {'type': 'Visualizer', 'vis_backends': [expected]}
    assert isolate(found) == found
    assert isolate({'type': 'Visualizer'}) == {'type': 'Visualizer', 'vis_backends': []}


def test_every_call_is_handed_on_or_dropped(tmp_path: Path) -> None:
    backend = IsolatedVisBackend({'type': 'LocalVisBackend'}, str(tmp_path))
    backend.add_scalar('loss', 1.0, step=3)
    assert '"loss": 1.0' in (tmp_path / 'scalars.json').read_text(encoding='utf-8')
    backend.add_image('x', 'no image')  # type: ignore[arg-type]
    assert backend.backend is None
    backend.add_graph(None, None)
    assert backend.experiment is None
