"""What TensorBoard, as an example of a back end, gets of a search."""

from typing import Any

import numpy as np
import pytest

from ostrdet.records.history import read_history
from ostrdet.visualization.cells.figure import cells_image

event_accumulator = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')

BOARD = {'visualizer.vis_backends': [{'type': 'TensorboardVisBackend'}]}


@pytest.fixture
def events(run_search: Any) -> tuple[Any, Any]:
    """The history of a search, and what its event file holds."""
    run = run_search(
        overrides={
            **BOARD,
            'default_hooks.report': {'type': 'ReportHook'},
            'train_cfg.max_epochs': 2,
        }
    )
    (file,) = run.folder.rglob('events.out.tfevents.*')
    run.runner.visualizer.close()
    found = event_accumulator.EventAccumulator(str(file), {'histograms': 0, 'images': 0})
    found.Reload()
    return read_history(run.folder), found


def test_the_back_end_holds_what_the_trajectory_does(events: tuple[Any, Any]) -> None:
    history, found = events
    tags = found.Tags()
    names = ('alphas', *history.criteria)
    assert {f'{name}/cell' for name in names} == set(tags['histograms'])
    for event, line in zip(found.Histograms('alphas/cell'), history.lines, strict=True):
        values = np.array(line['alphas']['cell'])
        assert event.step == line['epoch']
        assert event.histogram_value.num == values.size
        assert event.histogram_value.sum == pytest.approx(values.sum(), abs=1e-9)
        assert event.histogram_value.max == pytest.approx(values.max())
    assert {f'cells/{name}' for name in history.criteria} == set(tags['images'])
    image = found.Images('cells/Magnitude')[-1]
    expected = cells_image(history.genotypes['Magnitude'][1], history.genotypes['Magnitude'][0])
    assert (image.height, image.width) == expected.shape[:2]
    steps = [event.step for event in found.Scalars('search/stable_epochs')]
    assert steps == [1, 2]
    assert 'loss' in tags['scalars']  # mmengine's own


def test_the_local_back_end_alone_gets_nothing(two_epochs: Any) -> None:
    written = {file.name for file in two_epochs.folder.rglob('vis_data/*')}
    assert not {name for name in written if name.endswith('.png')}


def test_without_histograms_there_are_three_numbers() -> None:
    from ostrdet.engine.hooks.tracker import _add_distribution

    class Backend:
        experiment = object()
        found: dict[str, float]

        def add_scalars(self, scalars: dict[str, float], step: int) -> None:
            self.found = {**scalars, 'step': step}

    backend = Backend()
    _add_distribution(backend, 'alphas/cell', np.array([[1.0, 2.0], [3.0, 6.0]]), 4)
    expected = {'alphas/cell/min': 1.0, 'alphas/cell/mean': 3.0, 'alphas/cell/max': 6.0, 'step': 4}
    assert backend.found == expected


def test_a_back_end_that_fails_is_one_warning(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmengine.visualization import TensorboardVisBackend

    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError('no server')

    monkeypatch.setattr(TensorboardVisBackend, 'add_image', fail)
    run = run_search(overrides=BOARD)
    run.runner.visualizer.close()
    log = (run.folder / 'run.log').read_text(encoding='utf-8')
    assert log.count('failed in add_image (ConnectionError: no server)') == 1
    assert len(run.lines) == 2
