"""Words of the report that depend on what a process has imported."""

import subprocess
import sys

CODE = "from ostrdet.visualization.report.text import meaning; print(meaning('Magnitude'))"


def test_meanings_are_known_in_a_process_that_imports_no_criteria() -> None:
    found = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, check=True)
    assert found.stdout.startswith('the weight that the search gives the operation')
