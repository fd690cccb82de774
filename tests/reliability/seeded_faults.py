"""Seeds faults into the project, one at a time, and tells which ones the tests catch.

    python tests/reliability/seeded_faults.py [NAME ...]

A fault takes the place of a function, a method or an attribute in the processes that run the tests; no file
of the project changes. Exit status 0 if every fault is caught.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fault_table import FAULTS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHOWN = 200
#: What Python imports at its start, in the tests' process and in those that it starts.
AT_START = """from fault import seed
from fault_table import FAULTS

seed(FAULTS[{name!r}])
"""


def is_caught(name: str) -> tuple[bool, str]:
    """Whether the tests of a fault fail on it, and the end of what they print."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'sitecustomize.py').write_text(AT_START.format(name=name), encoding='utf-8')
        done = subprocess.run(
            [sys.executable, '-m', 'pytest', '-qx', '-p', 'no:cacheprovider', *FAULTS[name].tests],
            cwd=ROOT,
            env={**os.environ, 'PYTHONPATH': os.pathsep.join((folder, str(HERE), str(ROOT)))},
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode == 1, done.stdout[-SHOWN:]


def main() -> int:
    """Seed the faults that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='*', metavar='NAME', help='faults; all by default')
    names = parser.parse_args().names or list(FAULTS)
    missed = 0
    for name in names:
        begin = time.monotonic()
        caught, end = is_caught(name)
        missed += not caught
        said = 'caught' if caught else f'NOT CAUGHT: {end}'
        print(f'{name}: {said} ({time.monotonic() - begin:.0f} s)', flush=True)
    print(f'{len(names) - missed} of {len(names)} faults caught')
    return int(missed > 0)


if __name__ == '__main__':
    sys.exit(main())
