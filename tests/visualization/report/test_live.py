"""The live view: what it tells of runs, whom it answers, and a browser that follows a search."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from ostrdet.commands.report import main
from ostrdet.errors import PortInUseError
from ostrdet.visualization.report.live import LivePage, live_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LINE = 'INFO - Epoch(train) [{epoch}][ 50/400]  weights.lr: 2.5e-02  eta: 0:12:30  time: 0.1\n'


@pytest.fixture
def study(make_work_dir: Any, tmp_path: Path) -> Path:
    """A folder with a run that is over, one in its third epoch, one in its first, and a damaged one."""
    for name, epochs, of in (('done', 2, 2), ('going', 2, 9), ('damaged', 2, 9)):
        copytree(make_work_dir('NASBench201Space', epochs, max_epochs=of), tmp_path / name)
        (tmp_path / name / 'run.log').write_text(LINE.format(epoch=3), encoding='utf-8')
    (tmp_path / 'damaged' / 'trajectory.jsonl').write_text('{}\n{}\n', encoding='utf-8')
    (tmp_path / 'new').mkdir()
    (tmp_path / 'new' / 'run.log').write_text(LINE.format(epoch=1), encoding='utf-8')
    return tmp_path


def rows(page: LivePage) -> dict[str, str]:
    status, kind, text = page.answer('/status')
    assert (status, kind) == (200, 'application/json')
    return {row['name']: row['text'] for row in json.loads(text)}


def test_every_run_of_a_folder_tells_where_it_stands(study: Path) -> None:
    found = rows(LivePage(study))
    assert found['done'] == 'finished after 2 epochs'
    assert found['going'].startswith('epoch 3 of 9, iteration 50 of 400, 0:12:30 left as of ')
    assert found['new'].startswith('epoch 1, iteration 50 of 400, 0:12:30 left as of ')
    assert 'trajectory.jsonl' in found['damaged']
    assert rows(LivePage(study / 'done')) == {'': 'finished after 2 epochs'}


def test_reports_are_those_of_the_tool_and_follow_the_search(study: Path) -> None:
    page = LivePage(study)
    status, _, text = page.answer('/report/going')
    assert status == 200
    assert '2 of 9' in text
    trajectory = study / 'going' / 'trajectory.jsonl'
    first = trajectory.read_text(encoding='utf-8').splitlines(keepends=True)[0]
    trajectory.write_text(first, encoding='utf-8')
    assert '1 of 9' in page.answer('/report/going')[2]
    assert 'after the first epoch' in page.answer('/report/new')[2]
    assert 'trajectory.jsonl' in page.answer('/report/damaged')[2]


@pytest.mark.parametrize(
    'path', ['/report/none', '/report/..', '/report/../new', '/etc/passwd', '']
)
def test_nothing_else_is_served(study: Path, path: str) -> None:
    assert LivePage(study).answer(path)[0] == 404


@pytest.fixture
def address(study: Path) -> Iterator[tuple[str, int]]:
    with live_server(study) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield '127.0.0.1', server.server_port
        server.shutdown()


def test_only_this_machine_under_its_own_name_is_answered(address: tuple[str, int]) -> None:
    for host, expected in ((f'127.0.0.1:{address[1]}', 200), (f'evil.example:{address[1]}', 403)):
        connection = HTTPConnection(*address)
        connection.request('GET', '/status', headers={'Host': host})
        assert connection.getresponse().status == expected
        connection.close()


def test_a_port_that_is_taken_and_a_folder_that_is_not_there(
    address: tuple[str, int], study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PortInUseError, match=f'--serve {address[1]}: .*another port'):
        live_server(study, address[1])
    with pytest.raises(PortInUseError, match='--serve 99999'):
        live_server(study, 99_999)
    assert main([str(study / 'none'), '--serve']) == 2
    assert "there is no folder '" in capsys.readouterr().err


def test_a_browser_follows_a_search(
    browser: 'Browser', address: tuple[str, int], study: Path
) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on('console', lambda message: complaints.append(message.text))
    page.on('pageerror', lambda error: complaints.append(str(error)))
    page.goto(f'http://127.0.0.1:{address[1]}/#going')
    report = page.frame_locator('iframe')
    report.get_by_text('2 of 9').wait_for()
    page.get_by_text('going: epoch 3 of 9').wait_for()
    trajectory = study / 'going' / 'trajectory.jsonl'
    line = json.loads(trajectory.read_text(encoding='utf-8').splitlines()[-1])
    with trajectory.open('a', encoding='utf-8') as file:
        file.write(json.dumps({**line, 'epoch': 3}) + '\n')
    report.get_by_text('3 of 9').wait_for()
    page.get_by_role('link', name='done').click()
    report.get_by_text('2 of 2').wait_for()
    assert complaints == []
    page.close()
