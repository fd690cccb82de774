"""Logging back ends whose failures stop nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from mmengine.logging import print_log
from mmengine.visualization import BaseVisBackend

from ostrdet.registry import VISBACKENDS

WARNING = 30


@VISBACKENDS.register_module()
class IsolatedVisBackend(BaseVisBackend):
    """Hands everything on to another back end until that fails; then it warns once, and is silent.

    A run of days must not end because a tracking server is away, its token has run out or its disk
    is full. Errors of the back end's thread or process, if it has one, never come here.

    Args:
        backend: Config of the back end.
        save_dir: Folder of its files, unless its config has one.
    """

    def __init__(self, backend: Mapping[str, Any], save_dir: str | None = None) -> None:
        super().__init__(save_dir)
        self.kind = str(backend.get('type'))
        self.backend: Any = None
        config = {'save_dir': save_dir, **backend}
        self.backend = self._guard('start', lambda: VISBACKENDS.build(config))

    @property
    def experiment(self) -> Any:
        """What the back end offers for direct use; None once it has failed."""
        return self._call('experiment', lambda backend: backend.experiment)

    def _init_env(self) -> None:
        """Nothing: the back end has its own."""

    def add_config(self, config: Any, **kwargs: Any) -> None:
        """Record the config."""
        self._call('add_config', lambda backend: backend.add_config(config, **kwargs))

    def add_graph(self, model: Any, data_batch: Any, **kwargs: Any) -> None:
        """Record the network."""
        self._call('add_graph', lambda backend: backend.add_graph(model, data_batch, **kwargs))

    def add_image(self, name: str, image: Any, step: int = 0, **kwargs: Any) -> None:
        """Record an image, (H, W, 3), RGB."""
        self._call('add_image', lambda backend: backend.add_image(name, image, step, **kwargs))

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        """Record a number."""
        self._call('add_scalar', lambda backend: backend.add_scalar(name, value, step, **kwargs))

    def add_scalars(
        self,
        scalar_dict: dict[str, Any],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Record numbers by name."""
        self._call(
            'add_scalars',
            lambda backend: backend.add_scalars(scalar_dict, step, file_path, **kwargs),
        )

    def close(self) -> None:
        """Close the back end."""
        self._call('close', lambda backend: backend.close())

    def _call(self, what: str, function: Callable[[Any], Any]) -> Any:
        backend = self.backend
        return None if backend is None else self._guard(what, lambda: function(backend))

    def _guard(self, what: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except Exception as error:  # noqa: BLE001 - whatever a back end raises is not the run's
            self.backend = None
            print_log(
                f'{self.kind} failed in {what} ({type(error).__name__}: {error}); the run continues '
                'without it. Mend its entry in visualizer.vis_backends, or take it out',
                'current',
                WARNING,
            )
            return None


def isolate(visualizer: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a visualizer with every back end isolated, under the name that it had.

    Args:
        visualizer: Config of any visualizer of mmengine, mmpretrain or mmdet.
    """
    backends = visualizer.get('vis_backends') or []
    listed = [backends] if isinstance(backends, Mapping) else list(backends)
    return {**visualizer, 'vis_backends': [_isolated(backend) for backend in listed]}


def _isolated(backend: Any) -> Any:
    if not isinstance(backend, Mapping) or str(backend.get('type')).endswith('IsolatedVisBackend'):
        return backend
    inner = {key: value for key, value in backend.items() if key != 'name'}
    name = backend.get('name') or str(inner['type']).rpartition('.')[2]
    return {'type': 'ostrdet.IsolatedVisBackend', 'name': name, 'backend': inner}
