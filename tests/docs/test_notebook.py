"""The notebook of the tour, run as a reader runs it."""

import os
from ast import literal_eval
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

SECONDS_PER_CELL = 300


@pytest.fixture(scope='module')
def committed(repo_root: Path) -> Any:
    return nbformat.read(repo_root / 'docs' / 'tour.ipynb', as_version=4)


@pytest.fixture(scope='module')
def outputs(repo_root: Path, committed: Any) -> list[list[Any]]:
    """What every cell of code put out."""
    notebook = nbformat.from_dict(committed)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        resources={'metadata': {'path': str(repo_root / 'docs')}},
    )
    client.execute(env={**os.environ, 'PYTHONPATH': str(repo_root)})
    return [cell.outputs for cell in notebook.cells if cell.cell_type == 'code']


def shown(outputs: list[list[Any]], kind: str) -> list[str]:
    """Everything that was shown as data of that kind."""
    return [
        output.data[kind] for cell in outputs for output in cell if kind in output.get('data', {})
    ]


def test_no_output_is_committed(committed: Any) -> None:
    nbformat.validate(committed)
    code = [cell for cell in committed.cells if cell.cell_type == 'code']
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_it_warns_of_nothing(outputs: list[list[Any]]) -> None:
    printed = [output for cell in outputs for output in cell if output.output_type == 'stream']
    assert [output.text for output in printed if output.name == 'stderr'] == []


def test_it_shows_cell_report_and_scores(outputs: list[list[Any]]) -> None:
    (cell,) = shown(outputs, 'image/svg+xml')
    assert 'nor_conv' in cell
    (report,) = [text for text in shown(outputs, 'text/html') if '<iframe' in text]
    assert report.count('&lt;svg') >= 5
    (bars,) = shown(outputs, 'image/png')
    assert len(bars) > 5000


def test_the_cell_has_learned_the_digits(outputs: list[list[Any]]) -> None:
    (metrics,) = outputs[-1]
    found = literal_eval(metrics.data['text/plain'])
    assert found['accuracy/top1'] > 30  # a tenth is chance
