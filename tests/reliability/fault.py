"""A fault that takes the place of an attribute in the processes that run the tests."""

import functools
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple


class Fault(NamedTuple):
    """What takes the place of an attribute, and the tests that should notice.

    Attributes:
        module: The module in which the attribute is looked up.
        target: Its dotted name there.
        replace: From what stands there, makes what takes its place.
        tests: Arguments of pytest.
    """

    module: str
    target: str
    replace: Callable[[Any], Any]
    tests: tuple[str, ...]

    def apply(self, module: ModuleType) -> None:
        """Set the fault in the module, which has just been imported.

        Raises:
            AttributeError: If it has no such target.
        """
        home, sound = self.found(module)
        setattr(home, self.target.rpartition('.')[2], self.replace(sound))

    def found(self, module: ModuleType) -> tuple[Any, Any]:
        """What holds the target, and the target as it stands.

        Raises:
            AttributeError: If there is no such target.
        """
        *above, last = self.target.split('.')
        home = functools.reduce(getattr, above, module)
        # Of a class, as itself has it: a method that it inherits is another's
        sound = vars(home).get(last) if isinstance(home, type) else getattr(home, last, None)
        if sound is None:
            raise AttributeError(
                f'{self.module} has no {self.target}: the fault has lost its place'
            )
        return home, sound


class _Seeder(MetaPathFinder):
    """Sets a fault as soon as its module is imported, before anybody can take a name from it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if fullname != self.fault.module:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        assert spec is not None
        loader: Any = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            self.fault.apply(module)

        loader.exec_module = exec_module
        return spec


def seed(fault: Fault) -> None:
    """Set a fault in this process, once its module is imported."""
    sys.meta_path.insert(0, _Seeder(fault))
