"""Places where libraries run, import or unpickle what a config says, closed in the libraries.

Configs are checked before, with the key in the message; this holds wherever a value comes from. A
module is closed as soon as it is imported.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ostrdet.errors import InvalidValueError, MissingPackageError

LIBRARIES = ('mmcv', 'mmdet', 'mmengine', 'mmpretrain', 'ostrdet')
#: What a config may name for mmcv to suppress boxes by.
NMS = ('nms', 'soft_nms')
#: Models of motion between frames, for mmdet.
MOTIONS = tuple(
    f'cv2.MOTION_{name}' for name in ('TRANSLATION', 'EUCLIDEAN', 'AFFINE', 'HOMOGRAPHY')
)


def chosen(text: str, choices: Sequence[str], module: ModuleType) -> Any:
    """What ``text`` names in ``module``, as ``eval`` would give it, if it is one of ``choices``.

    Raises:
        InvalidValueError: If it is not.
    """
    if text not in choices:
        raise InvalidValueError(f"'{text}', expected one of {', '.join(choices)}")
    found: Any = module
    for name in text.split('.'):
        found = getattr(found, name)
    return found


def dtypes() -> tuple[str, ...]:
    """The names of torch's data types."""
    import torch

    return tuple(name for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype))


def _eval_of_nms(module: ModuleType) -> dict[str, Any]:
    return {'eval': lambda text: chosen(text, NMS, module)}


def _eval_of_motions(module: ModuleType) -> dict[str, Any]:
    return {'eval': lambda text: chosen(text, MOTIONS, module)}


def _eval_of_dtypes(module: ModuleType) -> dict[str, Any]:
    """It is asked for 'torch.float32'."""
    import torch

    return {'eval': lambda text: chosen(text.removeprefix('torch.'), dtypes(), torch)}


def _no_dotted_imports(module: ModuleType) -> dict[str, Any]:
    """A registry knows what is registered; it imports the registries of known libraries alone."""

    def import_known(name: str) -> ModuleType:
        root = name.partition('.')[0]
        if root not in LIBRARIES and root not in sys.modules:
            raise MissingPackageError(f"'{root}' is no library whose components are registered")
        return import_module(name)

    return {'get_object_from_string': lambda name: None, 'import_module': import_known}


def _safe_checkpoints(module: ModuleType) -> dict[str, Any]:
    """Its own reader falls back to executing what it does not trust."""

    def read(file: Any, *args: Any, **kwargs: Any) -> Any:
        from ostrdet.engine.checkpoint import read_plain

        if not isinstance(file, str | Path):
            raise InvalidValueError('weights, expected a local file')
        return read_plain(file)

    return {'_safe_torch_load': read, 'load_url': _no_downloads}


def _no_downloads(url: str, *args: Any, **kwargs: Any) -> Any:
    raise InvalidValueError(f"'{url}', expected a local file, as nothing is downloaded")


def _no_pickles(module: ModuleType) -> dict[str, Any]:
    """The handler of pickles writes them, and reads none."""

    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise InvalidValueError(
            'expected no pickle, which runs code when it is read; write it as JSON'
        )

    module.PickleHandler.load_from_fileobj = module.PickleHandler.load_from_path = refuse
    return {}


def _refuse(file: Any, **kwargs: Any) -> Any:
    raise InvalidValueError(f"'{getattr(file, 'name', file)}', expected no pickle, which runs code")


class _PlainArrays(ModuleType):
    """numpy without its reader of pickled objects."""

    def __init__(self) -> None:
        super().__init__('numpy')

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def load(self, file: Any, **kwargs: Any) -> Any:
        return np.load(file, **{**kwargs, 'allow_pickle': False})


#: What replaces the names of a module, by its name.
CLOSED: dict[str, Callable[[ModuleType], dict[str, Any]]] = {
    'mmcv.ops.nms': _eval_of_nms,
    'mmdet.datasets.openimages': lambda module: {'np': _PlainArrays()},
    'mmdet.models.task_modules.tracking.camera_motion_compensation': _eval_of_motions,
    'mmengine.fileio.handlers.pickle_handler': _no_pickles,
    'mmengine.registry.registry': _no_dotted_imports,
    'mmengine.runner.checkpoint': _safe_checkpoints,
    'mmpretrain.datasets.transforms.processing': _eval_of_dtypes,
    'mmpretrain.models.multimodal.ram.ram': lambda module: {
        'pickle': SimpleNamespace(load=_refuse)
    },
}


def close_libraries() -> None:
    """Close what is imported, and what will be. Calling it again does nothing."""
    if any(isinstance(finder, _ClosingFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _ClosingFinder())
    for name in CLOSED.keys() & sys.modules.keys():
        _close(sys.modules[name])


def _close(module: ModuleType) -> None:
    vars(module).update(CLOSED[module.__name__](module))


class _ClosingFinder(MetaPathFinder):
    """Finds the modules of :data:`CLOSED` where everybody does, and closes them once they are run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname in CLOSED else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_close(module: ModuleType) -> None:
            execute(module)
            _close(module)

        spec.loader.exec_module = execute_and_close  # type: ignore[method-assign] # of this one
        return spec
