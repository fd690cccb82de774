"""Select anew from a finished search: ``python tools/select.py --help``.

Python looks beside a program first, so every tool of this folder finds this file when a library imports
the standard module ``select``. It then puts the standard module in its place.
"""

import sys

if __name__ == '__main__':
    from ostrdet.commands.select import main

    sys.exit(main())

from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

elsewhere = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
spec = PathFinder.find_spec(__name__, elsewhere)
assert spec is not None
assert spec.loader is not None
sys.modules[__name__] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[__name__])
