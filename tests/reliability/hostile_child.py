"""Opens hostile files by the tools that would read them, and reports what happened, as JSON.

    python tests/reliability/hostile_child.py FOLDER

An audit hook of the interpreter notes every call, import, compilation and execution that has to do
with the canary, every connection, and every file that is written outside of FOLDER. It can't be
removed again, which is why all this has a process of its own.
"""

import contextlib
import io
import json
import os
import pickle
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

import hostile_files as hostile
import torch
import yaml
from yapf.yapflib import yapf_api

from ostrdet.commands import check as check_cli
from ostrdet.commands import genotype as genotype_cli
from ostrdet.commands import publish as publish_cli
from ostrdet.commands import query_benchmark as benchmark_cli
from ostrdet.commands import search as search_cli
from ostrdet.commands import test as evaluate_cli
from ostrdet.commands import train as train_cli
from ostrdet.compat import import_quietly

RUNS = ('os.system', 'subprocess.Popen', 'os.exec', 'os.posix_spawn', 'import', 'compile')
CONNECTIONS = ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname')
CHANGES = ('os.mkdir', 'os.rename', 'os.remove', 'os.link', 'os.symlink', 'os.truncate', 'os.chmod')
#: The file name by which ``ast.parse`` compiles.
PARSED = '<unknown>'
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
Report = dict[str, dict[str, Any]]


class Watch:
    """The audit hook; it notes while it is armed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.armed = os.path.realpath(folder), False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    @contextlib.contextmanager
    def armed_for(self) -> Iterator[list[str]]:
        self.seen, self.armed = [], True
        try:
            yield self.seen
        finally:
            self.armed = False

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        self.armed = False  # what happens here is not looked at
        try:
            if self._is_bad(event, args):
                self.seen.append(f'{event} {str(args)[:120]}')
        finally:
            self.armed = True

    def _is_bad(self, event: str, args: tuple[Any, ...]) -> bool:
        if event in CONNECTIONS:
            return True
        if event == 'compile' and args[1] == PARSED:
            return False  # into a tree; to run one is another event
        if event in RUNS:
            return hostile.CANARY in str(args)
        if event == 'exec':
            return isinstance(args[0], CodeType) and hostile.CANARY in _words(args[0])
        if event == 'open':
            path, mode, flags = args
            writes = bool(flags & WRITING) if mode is None else bool(set(mode) & set('wax+'))
            return writes and not isinstance(path, int) and self._is_outside(path)
        return event in CHANGES and any(
            self._is_outside(path, args[-1])
            for path in args
            if isinstance(path, str | bytes | Path)
        )

    def _is_outside(self, path: Any, handle: Any = None) -> bool:
        """Whether a path leads out of the folder.

        With a handle it is that of an entry, and not of what a link there points to; it may be
        relative to the folder that the handle stands for.
        """
        given = Path(os.fsdecode(path))
        if handle is None:
            real = os.path.realpath(given)
        else:
            above = f'/proc/self/fd/{handle}' if isinstance(handle, int) and handle >= 0 else ''
            real = str(Path(above, given.parent).resolve() / given.name)
        return not real.startswith(self.folder) and real not in ('/dev/null', '/dev/tty')


def _words(code: CodeType) -> str:
    inner = (_words(part) for part in code.co_consts if isinstance(part, CodeType))
    return ' '.join([str(code.co_names), str(code.co_consts), *inner])


class Child:
    """Opens files and keeps the report."""

    def __init__(self, folder: Path, configs: dict[str, Path]) -> None:
        self.folder, self.configs = folder, configs
        self.report: Report = {}
        self.watch = Watch(folder)

    def open(self, family: str, main: Callable[[list[str]], int], *argv: object) -> None:
        """Call a tool, and note its status, its last words, and what the hook saw."""
        given = [str(argument) for argument in argv]
        if main not in (genotype_cli.main, benchmark_cli.main, publish_cli.main):
            given += ['--work-dir', str(self.folder / 'runs' / str(len(self.report)))]
        before, (out, err) = _peak(), (io.StringIO(), io.StringIO())
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            self.watch.armed_for() as seen,
        ):
            try:
                status: Any = main(given)
            except SystemExit as caught:
                status = caught.code
            except Exception as error:  # noqa: BLE001 - a traceback fails the test
                status = repr(error)
        self.report[family] = {
            'status': status,
            'stderr': err.getvalue(),
            'seen': list(seen),
            'grown_mib': _peak() - before,
        }

    def control(self, family: str, function: Callable[[], Any]) -> None:
        """Read a file as it wants to be read; the hook has to see that."""
        with self.watch.armed_for() as seen, contextlib.suppress(Exception):
            function()
        self.report[f'control: {family}'] = {'seen': list(seen)}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def open_checkpoints(child: Child) -> None:
    for family, (suffix, write) in hostile.CHECKPOINTS.items():
        path = child.folder / f'{family}{suffix}'
        write(path)
        child.open(f'test, {family}', evaluate_cli.main, child.configs['train'], path)
    for family in ('pickle', 'getattr gadget'):
        path = child.folder / f'{family}.pth'
        child.open(f'resume, {family}', train_cli.main, child.configs['train'], '--resume', path)
        load = f'load_from={path}'
        child.open(
            f'load, {family}', search_cli.main, child.configs['search'], '--cfg-options', load
        )
        child.open(f'publish, {family}', publish_cli.main, child.configs['train'], path)
        child.control(family, lambda path=path: torch.load(path, weights_only=False))


def open_links(child: Child) -> None:
    """A work dir in which links lead out of it."""
    work_dir, victim = child.folder / 'linked', child.folder.parent / 'victim'
    work_dir.mkdir()
    (work_dir / 'epoch_9.pth').symlink_to(child.folder / 'pickle.pth')
    argv = [child.configs['search'], '--resume', work_dir / 'epoch_9.pth']
    child.open('resume, link to a pickle', search_cli.main, *argv)
    run = child.folder / 'runs' / str(len(child.report))
    run.mkdir(parents=True)
    for name in ('.epoch_1.pth.tmp', '.epoch_1.pth.sha256.tmp', '.genotype.json.tmp'):
        (run / name).symlink_to(victim)
    child.open('work dir of links', search_cli.main, child.configs['search'])


def open_configs(child: Child) -> None:
    (child.folder / 'evil.py').write_text(hostile.CODE, encoding='utf-8')
    (child.folder / 'inner.json').write_text('{"_base_": "./evil.py"}', encoding='utf-8')
    for family, (suffix, text) in hostile.CONFIGS.items():
        path = child.folder / f'config {family}{suffix}'
        path.write_text(text, encoding='utf-8')
        for name, tool in (('search', search_cli), ('train', train_cli)):
            child.open(f'{name}, config {family}', tool.main, path)
    for family, option in hostile.OPTIONS.items():
        argv = [child.configs['search'], '--cfg-options', option]
        child.open(f'option, {family}', search_cli.main, *argv)
    tag = (child.folder / 'config YAML tag.yaml').read_text(encoding='utf-8')
    child.control('YAML tag', lambda: yaml.unsafe_load(tag))


def open_genotypes(child: Child) -> None:
    for family, text in hostile.GENOTYPES.items():
        child.open(f'genotype, {family}', genotype_cli.main, 'show', text)
    for family, content in hostile.GENOTYPE_FILES.items():
        path = child.folder / f'genotype {family}.json'
        path.write_bytes(content)
        child.open(f'genotype file, {family}', genotype_cli.main, 'validate', path)
        argv = [child.configs['train'], '--genotype', path]
        child.open(f'train, genotype {family}', train_cli.main, *argv)


def open_data(child: Child, configs: Path) -> None:
    for name, of_cell in (('list', False), ('cell', True)):
        folder = child.folder / f'benchmark of a hostile {name}'
        hostile.benchmark(folder, of_cell)
        argv = [hostile.CELL, '--table', folder]
        child.open(f'benchmark, {name}', benchmark_cli.main, *argv)
    hostile.images(child.folder / 'data')
    for name in ('ostr_darts_c10', 'ostr_nb201_in16-120'):
        argv = [configs / 'search' / f'{name}.py', '--data-root', child.folder / 'data']
        child.open(f'data, {name}', check_cli.main, *argv)
    batch = child.folder / 'data' / 'val_data'
    child.control('batch', lambda: pickle.loads(batch.read_bytes()))


def run_offline(child: Child) -> None:
    """What is not hostile: a search and a training, which need no network."""
    child.open('a search', search_cli.main, child.configs['search'])
    child.open('a training', train_cli.main, child.configs['train'])
    work_dir = child.folder / 'runs' / str(len(child.report) - 1)
    checkpoint = torch.load(work_dir / 'epoch_1.pth', weights_only=True)
    checkpoint['meta'] |= {'config': hostile.CODE, 'cfg': hostile.CODE}
    torch.save(checkpoint, child.folder / 'epoch_1.pth')
    argv = [child.configs['train'], child.folder / 'epoch_1.pth']
    child.open('code in the meta of a checkpoint', evaluate_cli.main, *argv)


def main(folder: Path) -> None:
    """Open everything; ``search.py`` and ``train.py`` lie in FOLDER."""
    sys.dont_write_bytecode = True
    # Whatever is imported by this name is found, and seen by the hook
    (folder / 'modules' / hostile.CANARY).mkdir(parents=True)
    for name in ('__init__', 'registry', 'hooks'):
        (folder / 'modules' / hostile.CANARY / f'{name}.py').write_text('Thing = dict\n', 'utf-8')
    sys.path.insert(0, str(folder / 'modules'))
    (folder / 'tmp').mkdir()
    tempfile.tempdir = str(folder / 'tmp')
    torch.set_num_threads(1)
    import_quietly()
    import_module(
        'ostrdet.visualization.report.report'
    )  # matplotlib makes its folders in a new home
    # mmengine formats the config that it writes six times per run, which takes longer than the rest
    yapf_api.FormatCode = lambda text, **_: (text, True)
    child = Child(folder, {name: folder / f'{name}.py' for name in ('search', 'train')})
    run_offline(child)
    open_checkpoints(child)
    open_links(child)
    open_configs(child)
    open_genotypes(child)
    open_data(child, Path(__file__).resolve().parents[2] / 'configs')
    (folder / 'report.json').write_text(json.dumps(child.report, indent=1), encoding='utf-8')


if __name__ == '__main__':
    main(Path(sys.argv[1]))
