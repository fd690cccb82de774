"""A defect shows its traceback and ends the command with status 1, wherever it is."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: By place: the function that breaks.
PLACES = {
    'component': 'ostrdet.models.searchers.bilevel.BilevelSearcher.train_step',
    'component that is built': 'ostrdet.models.networks.skeleton.Skeleton.__init__',
    'hook': 'ostrdet.engine.hooks.selector.SelectorHook.after_train_iter',
    'loader worker': 'ostrdet.datasets.digits.Digits.__getitem__',
    'command': 'ostrdet.apis.search.search',
}
#: Those that break before there is a run with a log.
WITHOUT_LOG = ('command',)
#: The search in a process of its own, where a module of the package holds what breaks.
BREAK = """if True:
    import pydoc, sys
    from ostrdet.commands.base import import_libraries
    import_libraries()
    from torch.utils.data import get_worker_info

    home, _, name = {place!r}.rpartition('.')
    sound = getattr(pydoc.locate(home), name)
    def broken(*args, **kwargs):
        if name == '__getitem__' and get_worker_info() is None:
            return sound(*args, **kwargs)
        return [][3]
    broken = type(broken)(broken.__code__, {{**globals(), '__name__': 'ostrdet.broken'}})
    setattr(pydoc.locate(home), name, broken)
    from ostrdet.commands.search import main
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize('place', PLACES)
def test_a_defect_keeps_its_traceback(
    place: str, tiny_config: Callable[..., Any], tmp_path: Path
) -> None:
    workers = {'train_dataloader.num_workers': 2 if place == 'loader worker' else 0}
    config = tmp_path / 'search.py'
    tiny_config(workers).dump(config)
    work_dir = tmp_path / 'run'
    ended = subprocess.run(
        [
            sys.executable,
            '-c',
            BREAK.format(place=PLACES[place]),
            str(config),
            '--work-dir',
            str(work_dir),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert 'Traceback (most recent call last)' in ended.stderr
    assert 'IndexError: list index out of range' in ended.stderr
    assert not re.search(r'^error: ', ended.stderr, re.MULTILINE)
    if place not in WITHOUT_LOG:
        log = (work_dir / 'run.log').read_text(encoding='utf-8')
        assert 'Traceback' in log
        assert 'IndexError: list index out of range' in log
