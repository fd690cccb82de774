"""What libraries say that nobody can act on: dropped at import, in workers that are no forks too."""

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from ostrdet.quiet import QuietPickle, hush

NOISY = """
import warnings
print('Could not import OneDL')
warnings.warn('deprecated')


class Data:
    size = 7
"""
READ = 'import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1])).size)'


def test_what_is_sent_to_a_worker_is_read_without_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo_root: Path
) -> None:
    (tmp_path / 'noisy.py').write_text(NOISY, encoding='utf-8')
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.warns(UserWarning, match='deprecated'):
        import noisy  # type: ignore[import-not-found]

    said = {}
    for kind in (QuietPickle, lambda value: value):
        done = subprocess.run(
            [sys.executable, '-c', READ, pickle.dumps(kind(noisy.Data())).hex()],
            env={'PYTHONPATH': f'{repo_root}:{tmp_path}'},
            capture_output=True,
            text=True,
            check=True,
        )
        said[kind is QuietPickle] = (done.stdout, 'deprecated' in done.stderr)
    assert said == {True: ('7\n', False), False: ('Could not import OneDL\n7\n', True)}


def test_the_warning_of_every_jittered_image_is_ignored() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        hush()
        warnings.warn("Only use 'alpha' for pillow backend.", stacklevel=1)
        warnings.warn('another', stacklevel=1)
    assert [str(warning.message) for warning in caught] == ['another']
