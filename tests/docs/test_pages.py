"""The pages speak of what there is: error texts, parts of the search step, configs, files."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

#: An error of the system's loader, which is none of ours.
NOT_OURS = 'libGL.so.1: cannot open shared object file'


def page(root: Path, name: str) -> str:
    return (root / 'docs' / f'{name}.md').read_text(encoding='utf-8')


@pytest.fixture(scope='module')
def modules(repo_root: Path) -> list[ast.Module]:
    files = sorted((repo_root / 'ostrdet').rglob('*.py'))
    return [ast.parse(file.read_text(encoding='utf-8')) for file in files]


@pytest.fixture(scope='module')
def texts(modules: list[ast.Module]) -> list[str]:
    """Every string of the package, with a mark where a value is filled in."""
    return [text for module in modules for node in ast.walk(module) for text in strings(node)]


def strings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else '\0' for part in node.values)
        yield ''.join(map(str, parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_the_answers_quote_errors_that_there_are(repo_root: Path, texts: list[str]) -> None:
    quoted = re.findall(r'^### `(.+)`$', page(repo_root, 'faq'), re.MULTILINE)
    assert len(quoted) > 10
    for error in quoted:
        pattern = re.escape(error).replace(r'\.\.\.', '.*')
        assert error == NOT_OURS or any(re.search(pattern, text) for text in texts), error


def test_the_screen_of_the_search_step_names_what_there_is(
    repo_root: Path, modules: list[ast.Module]
) -> None:
    (screen,) = re.findall(
        r'^ {4}SeededEpochLoop(?:.*\n {4})*.*', page(repo_root, 'concepts'), re.MULTILINE
    )
    members = {
        (found.name, name)
        for module in modules
        for found in ast.walk(module)
        if isinstance(found, ast.ClassDef)
        for name in defined(found)
    }
    named = set(re.findall(r'\b([A-Z]\w+)\.(\w+)', screen))
    assert len(named) >= 10
    assert named <= members
    classes = {name for name, _ in members}
    assert set(re.findall(r'\b[A-Z]\w+(?:Loop|Hook|Step|Searcher)\b', screen)) <= classes


def defined(found: ast.ClassDef) -> Iterator[str]:
    for node in found.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_the_config_of_the_tour_is_its_command(repo_root: Path, tmp_path: Path) -> None:
    from ostrdet.commands.search import build_parser
    from ostrdet.settings.search import load_config

    text = page(repo_root, 'tour')
    (block,) = re.findall(
        r"^ {4}_base_ = '\./ostr_nb201_digits\.py'\n(?: {4}.+\n)+", text, re.MULTILINE
    )
    folder = repo_root / 'configs' / 'search'
    path = tmp_path / 'mine.py'
    path.write_text(dedent(block).replace('./', f'{folder}/'), encoding='utf-8')
    (command,) = re.findall(
        r'tools/search\.py (.+ --work-dir work_dirs/mine .+)', text.replace('\\\n', ' ')
    )
    args = build_parser().parse_args(command.split())
    by_file = load_config(path, tmp_path)
    by_options = load_config(repo_root / args.config, tmp_path, cfg_options=args.cfg_options)
    assert by_file.to_dict() == by_options.to_dict()


@pytest.mark.parametrize('start', ['README.md', 'CONTRIBUTING.md', 'docs/*.md'])
def test_links_lead_to_files(repo_root: Path, start: str) -> None:
    for file in repo_root.glob(start):
        text = re.sub(r'`[^`\n]*`', '', file.read_text(encoding='utf-8'))
        links = re.findall(r'\]\((?!https?:)([^)#]+)', text)
        assert [link for link in links if not (file.parent / link).exists()] == [], file


def test_every_picture_names_config_seed_and_commit(repo_root: Path) -> None:
    shown = set()
    for file in (repo_root / 'README.md', *sorted((repo_root / 'docs').glob('*.md'))):
        text = file.read_text(encoding='utf-8')
        for picture, below in re.findall(r'^!\[.*\]\((.+)\)\n\n(.*)$', text, re.MULTILINE):
            found = re.fullmatch(
                r'\*`(.+?)`.*, (?:seeds? \d.*|no seed), commit `[0-9a-f]{7}`\.\*', below
            )
            assert found, f'{file.name}: {picture} is followed by: {below}'
            assert (repo_root / found[1]).is_file(), found[1]
            shown.add(Path(picture).name)
    pictures = [*(repo_root / 'docs').glob('figures/*'), *(repo_root / 'docs').glob('images/*')]
    assert shown == {picture.name for picture in pictures}
