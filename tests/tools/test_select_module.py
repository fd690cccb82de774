"""``tools/select.py`` does not hide the standard module of its name from the tools beside it."""

import subprocess
import sys
from pathlib import Path


def test_programs_of_the_folder_import_the_standard_module(repo_root: Path, tmp_path: Path) -> None:
    program = repo_root / 'tools' / 'query_benchmark.py'
    code = (
        'import sys; sys.path.insert(0, sys.argv[1]); import select, selectors; '
        'print(select.select, select.__file__)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, str(program.parent)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('<built-in function select>')
    assert 'tools' not in Path(done.stdout.split()[-1]).parts
