"""Seeds faults into a copy of the project, one at a time, and tells which ones the tests catch.

    python tests/reliability/seeded_faults.py [NAME ...]

Exit status 0 if every fault is caught.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
COPIED = ('ostrdet', 'configs', 'tests', 'tools', 'docs', 'benchmarks')
SHOWN = 200


class Fault(NamedTuple):
    """A change of one file, and the tests that should notice.

    Attributes:
        file: The file, below the root.
        old: Text that stands there once.
        new: What takes its place.
        tests: Arguments of pytest.
    """

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


FAULTS: dict[str, Fault] = {
    'architecture half in one order': Fault(
        'ostrdet/engine/loops/bilevel_train.py',
        'begin_at(self.arch_dataloader, self._epoch * rounds + turn, start % length)',
        'begin_at(self.arch_dataloader, turn, start % length)',
        ('tests/engine/loops/test_bilevel_train.py',),
    ),
    'halves swapped': Fault(
        'ostrdet/engine/loops/bilevel_train.py',
        '        self.weight_indices, self.arch_indices = halves[0], halves[-1]\n',
        '        self.weight_indices, self.arch_indices = halves = halves[::-1]\n',
        ('tests/engine/loops/test_bilevel_train.py',),
    ),
    'gradients of the weights reach alpha': Fault(
        'ostrdet/models/searchers/bilevel.py',
        'mix = leaves_of(self.mix(generator), requires_grad=False)',
        'mix = self.mix(generator)',
        ('tests/models/searchers/test_bilevel.py',),
    ),
    'absolute value before the mean over processes': Fault(
        'ostrdet/models/searchers/bilevel.py',
        "all_reduce(grad, op='mean')",
        "all_reduce(grad.abs_(), op='mean')",
        ('tests/models/searchers/test_bilevel.py', 'tests/selection'),
    ),
    'sums lost on resume': Fault(
        'ostrdet/selection/panel.py',
        'self.criteria[name].load_state_dict(state[name])',
        'self.criteria[name].reset()',
        ('tests/engine/test_resume.py', 'tests/engine/hooks/test_selector.py'),
    ),
    'saved before the selection': Fault(
        'ostrdet/engine/hooks/selector.py',
        "priority = 'NORMAL'",
        "priority = 'LOWEST'",
        ('tests/engine/hooks/test_selector.py', 'tests/engine/test_resume.py'),
    ),
    'written in place': Fault(
        'ostrdet/structures/atomic.py',
        '        temporary.replace(path)\n',
        '        path.write_bytes(data)\n',
        ('tests/engine/checkpoint/test_atomic.py',),
    ),
    'old checkpoints deleted first': Fault(
        'ostrdet/engine/hooks/safe_checkpoint.py',
        '        runner.save_checkpoint(\n            self.out_dir,\n',
        '        for old in checkpoints(self.out_dir)[self.max_keep_ckpts - 1 :]:\n'
        '            AtomicBackend().remove(old)\n'
        '        runner.save_checkpoint(\n            self.out_dir,\n',
        ('tests/engine/hooks/test_safe_checkpoint.py',),
    ),
    'pointer believed': Fault(
        'ostrdet/engine/checkpoint/latest.py',
        '    found = checkpoints(folder)\n',
        "    pointer = Path(folder) / 'last_checkpoint'\n"
        '    found = [Path(pointer.read_text())] if pointer.is_file() else checkpoints(folder)\n',
        ('tests/engine/checkpoint/test_latest.py',),
    ),
    'checkpoints unpickled': Fault(
        'ostrdet/engine/checkpoint/state.py',
        'weights_only=True)',
        'weights_only=False)',
        ('tests/engine/checkpoint/test_state.py',),
    ),
    'getattr among the names allowed': Fault(
        'ostrdet/engine/checkpoint/state.py',
        '    try:\n        return torch.load(',
        '    from torch import _weights_only_unpickler as unpickler\n\n'
        "    unpickler._get_allowed_globals().update({'builtins.getattr': getattr})\n"
        '    try:\n        return torch.load(',
        ('tests/engine/checkpoint/test_state.py',),
    ),
    'checksums not compared': Fault(
        'ostrdet/engine/checkpoint/latest.py',
        '        same = digest(data) == sum_of(path).read_text',
        '        same = True or digest(data) == sum_of(path).read_text',
        ('tests/engine/checkpoint/test_latest.py',),
    ),
    'one augmentation for all epochs': Fault(
        'ostrdet/datasets/seeded_subset.py',
        'seed_generators(self.seed, epoch, index)',
        'seed_generators(self.seed, index)',
        ('tests/datasets/test_seeded_subset.py',),
    ),
    'scheduler of alpha forgotten': Fault(
        'ostrdet/settings/components.py',
        'set(schedulers) != set(wrappers)',
        'not set(schedulers) <= set(wrappers)',
        ('tests/apis/test_search_bad_input.py', '-k', 'scheduler'),
    ),
    'tags of YAML obeyed': Fault(
        'ostrdet/compat/safe_yaml.py',
        'return yaml.safe_load(file)',
        'return yaml.unsafe_load(file)',
        ('tests/reliability/test_hostile_files.py',),
    ),
    'dotted types imported': Fault(
        'ostrdet/settings/load.py',
        '    check_names(plain)',
        '    None and check_names(plain)',
        ('tests/reliability/test_hostile_files.py',),
    ),
    'back ends not isolated': Fault(
        'ostrdet/engine/runner/seeded_runner.py',
        'isolate(visualizer) if isinstance(visualizer, Mapping) else visualizer',
        'visualizer',
        ('tests/engine/test_isolated_backend.py',),
    ),
    'epochs of nothing': Fault(
        'ostrdet/engine/runner/seeded_runner.py',
        'if len(loader) == 0:',
        'if len(loader) < 0:',
        ('tests/reliability/bad_input/test_config.py', '-k', 'nothing'),
    ),
    'no lock': Fault(
        'ostrdet/engine/checkpoint/lock.py',
        '        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)\n',
        '        pass\n',
        ('tests/engine/checkpoint/test_lock.py',),
    ),
    'numbers that are not finite saved': Fault(
        'ostrdet/engine/hooks/finite.py',
        "if name := first_bad({**checkpoint['state_dict'], **optimizers}):",
        "if name := '':",
        ('tests/engine/hooks/test_finite.py',),
    ),
}


def patched(fault: Fault, root: Path = ROOT) -> str:
    """The text of the file with the fault in it.

    Raises:
        ValueError: If the text to be replaced does not stand there exactly once.
    """
    text = (root / fault.file).read_text(encoding='utf-8')
    if text.count(fault.old) != 1:
        raise ValueError(f'{fault.file} has {text.count(fault.old)} times: {fault.old}')
    return text.replace(fault.old, fault.new)


def is_caught(fault: Fault) -> tuple[bool, str]:
    """Whether the tests of a fault fail on it, and the end of what they print."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in COPIED:
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns('*.pyc'))
        shutil.copy(ROOT / 'pyproject.toml', root)
        (root / fault.file).write_text(patched(fault), encoding='utf-8')
        done = subprocess.run(
            [sys.executable, '-m', 'pytest', '-qx', '-p', 'no:cacheprovider', *fault.tests],
            cwd=root,
            env={**os.environ, 'PYTHONPATH': name, 'PYTHONDONTWRITEBYTECODE': '1'},
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
        caught, end = is_caught(FAULTS[name])
        missed += not caught
        said = 'caught' if caught else f'NOT CAUGHT: {end}'
        print(f'{name}: {said} ({time.monotonic() - begin:.0f} s)', flush=True)
    print(f'{len(names) - missed} of {len(names)} faults caught')
    return int(missed > 0)


if __name__ == '__main__':
    sys.exit(main())
