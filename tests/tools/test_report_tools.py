"""``tools/report.py`` and ``tools/draw_genotype.py`` as a user calls them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ostrdet.commands import draw_genotype as draw_genotype_cli
from ostrdet.commands import report as report_cli
from ostrdet.records.run_facts import RunFacts
from ostrdet.spaces import NASBench201Space

Captured = pytest.CaptureFixture[str]
OPS = NASBench201Space().ops
CELL = '|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|'


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """The work dir of a search after an epoch, from which the page is missing."""
    rows = [[0.2] * len(OPS)] * 6
    line = {
        'epoch': 1,
        'alphas': {'cell': rows},
        'op_weights': {'cell': rows},
        'scores': {'Magnitude': {'cell': rows}},
        'genotypes': {'Magnitude': CELL},
        'seconds': 1.0,
    }
    (tmp_path / 'trajectory.jsonl').write_text(json.dumps(line) + '\n')
    facts = RunFacts(NASBench201Space().to_config(), 'Magnitude')
    (tmp_path / 'run.json').write_text(facts.to_json())
    return tmp_path


def test_a_report_is_made_anew(work_dir: Path, capsys: Captured) -> None:
    assert report_cli.main([str(work_dir)]) == 0
    assert capsys.readouterr().out == f'report: {work_dir / "report.html"}\n'
    page = (work_dir / 'report.html').read_text(encoding='utf-8')
    assert CELL in page
    other = work_dir / 'new' / 'page.html'
    assert report_cli.main([str(work_dir), '--out', str(other)]) == 0
    assert other.read_text(encoding='utf-8') == page


@pytest.mark.parametrize('suffix', ['svg', 'png', 'pdf', 'dot', 'SVG'])
@pytest.mark.parametrize('genotype', ['darts_v2', CELL])
def test_any_genotype_is_drawn(tmp_path: Path, genotype: str, suffix: str) -> None:
    file = tmp_path / f'cell.{suffix}'
    assert draw_genotype_cli.main([genotype, '--out', str(file)]) == 0
    starts = {'svg': b'<?xml', 'png': b'\x89PNG', 'pdf': b'%PDF', 'dot': b'digraph'}
    assert file.read_bytes().startswith(starts[suffix.lower()])


def test_changes_and_a_title_are_drawn(tmp_path: Path) -> None:
    file = tmp_path / 'cell.svg'
    argv = [
        'nb201_c10_optimum',
        '--before',
        'ostr_nb201',
        '--title',
        'since then',
        '--out',
        str(file),
    ]
    assert draw_genotype_cli.main(argv) == 0
    text = file.read_text(encoding='utf-8')
    assert 'since then' in text
    assert 'was ' in text


@pytest.mark.parametrize(
    ('main', 'argv', 'message'),
    [
        (report_cli.main, ['lost'], r"no epoch in 'lost/trajectory\.jsonl': give the work dir"),
        (draw_genotype_cli.main, ['darts_v9', '--out', 'a.svg'], "Did you mean 'darts_v"),
        (draw_genotype_cli.main, ['darts_v2', '--out', 'a.gif'], r"'a\.gif' ends in none of \.svg"),
        (
            draw_genotype_cli.main,
            ['darts_v2', '--before', 'ostr_nb201', '--out', 'a.svg'],
            'give two of one space',
        ),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    main: 'type[object]', argv: list[str], message: str, capsys: Captured
) -> None:
    assert main(argv) == 2  # type: ignore[call-arg]
    out, err = capsys.readouterr()
    assert (out, err.count('\n')) == ('', 1)
    assert re.match(rf'error: .*{message}', err)


@pytest.mark.parametrize('name', ['report.py', 'draw_genotype.py'])
def test_help_shows_examples_before_anything_heavy_is_imported(repo_root: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, '-X', 'importtime', repo_root / 'tools' / name, '--help'],
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'python tools/{name} ' in done.stdout
    assert not re.search(r'\| +(torch|mmengine|matplotlib)$', done.stderr, re.MULTILINE)
