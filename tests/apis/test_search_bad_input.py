"""Whatever is wrong with the arguments of a search, or its data, is said in one line, before anything is trained."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.commands.search import main

HEADER = 'arch,cifar10,cifar100,imagenet16_120\n'

#: By other arguments; '{tmp}' is a folder with what the names say.
ARGUMENTS = {
    'no such table': ('--benchmark {tmp}/none.csv', r"no benchmark table at '.*none\.csv'.*Give a"),
    'malformed table': (
        '--benchmark {tmp}/malformed.csv',
        r"malformed\.csv, line 1: the columns \['cell', 'cifar10'\] lack",
    ),
    'table of another space': (
        '--benchmark {tmp}/darts.csv',
        r"the table '.*darts\.csv' \(1 cells\) holds no cell of the space .*NASBench201Space",
    ),
    'folder that is no benchmark': (
        '--benchmark {tmp}',
        r'no file meta\.pickle\.pbz2 in the folder',
    ),
    'no GPU': ('--amp float16', r'--amp float16 needs a GPU, there is none; use --amp bfloat16'),
    'unknown amp': ('--amp float8', r"argument --amp: invalid choice: 'float8'.*bfloat16"),
    'negative seed': ('--seed -1', r'randomness\.seed=-1: a run needs a seed in \[0, 2\*\*32\)'),
    'seed that is no number': ('--seed one', r"argument --seed: invalid int value: 'one'"),
    'no such checkpoint': (
        '--resume {tmp}/epoch_9.pth',
        r"--resume: there is no checkpoint '.*epoch_9\.pth'",
    ),
    'data without a folder': (
        '--data-root {tmp}',
        r'--data-root: the data set Digits needs no fol',
    ),
    'unknown launcher': ('--launcher ssh', r"argument --launcher: invalid choice: 'ssh'"),
    'unknown argument': ('--patience 3', r'unrecognized arguments: --patience 3; see .*--help'),
}

#: By the data: the config, and the folder.
DATA = {
    'no CIFAR-10': ('ostr_darts_c10.py', 'none', r"CIFAR10: no folder '.*none/cifar-.*--data-root"),
    'no images': ('ostr_nb201_c10-proxy.py', 'none', r"ImageFolder: no folder '.*none/train'"),
    'empty class': ('ostr_nb201_c10-proxy.py', 'images', r"no image in .* '.*images/train/cat'"),
    'no ImageNet': ('ostr_pc-darts_in1k.py', 'none', r"ImageNet: no folder '.*none/train'.*--da"),
    'no ImageNet16': ('ostr_nb201_in16-120.py', 'none', r"ImageNet16: no folder '.*none'.*--da"),
}


@pytest.fixture
def config(tiny_config: Any, tmp_path: Path) -> Path:
    path = tmp_path / 'tiny.py'
    tiny_config({'train_cfg.max_epochs': 1}).dump(path)
    return path


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Checks that a command line ends with status 2 and one line, before anything is trained."""

    def check(message: str, *argv: object) -> None:
        work_dir = tmp_path / 'work_dir'
        try:
            status = main([*map(str, argv), '--work-dir', str(work_dir)])
        except SystemExit as caught:
            status = caught.code
        out, err = capsys.readouterr()
        (line,) = err.splitlines()
        assert status == 2
        assert line.startswith('error: ')
        assert re.search(message, line), line
        assert out == ''
        assert not (work_dir / 'trajectory.jsonl').exists()

    return check


@pytest.mark.parametrize('case', ARGUMENTS)
def test_arguments(
    refused: Any, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    (tmp_path / 'malformed.csv').write_text('cell,cifar10\n|none~0|,10\n', encoding='utf-8')
    cell = "Genotype(normal=[('skip_connect', 0)], normal_concat=[2])".replace(',', ';')
    (tmp_path / 'darts.csv').write_text(f'{HEADER}{cell},1,2,3\n', encoding='utf-8')
    argument, message = ARGUMENTS[case]
    refused(message, config, *argument.format(tmp=tmp_path).split())


@pytest.mark.parametrize('case', DATA)
def test_data(refused: Any, repo_root: Path, tmp_path: Path, case: str) -> None:
    for name in ('cat', 'dog'):
        (tmp_path / 'images' / 'train' / name).mkdir(parents=True)
    config, folder, message = DATA[case]
    small = ['model.supernet.channels=4', 'model.supernet.num_cells=1']
    path = repo_root / 'configs' / 'search' / config
    refused(message, path, '--data-root', tmp_path / folder, '--cfg-options', *small)


def test_no_config(refused: Any, tmp_path: Path) -> None:
    refused(r"there is no config file '.*none\.py'", tmp_path / 'none.py')
    refused(r"there is no config file '", tmp_path)
    refused('the following arguments are required: CONFIG; see search.py --help')


def test_a_work_dir_that_is_a_file(refused: Any, config: Path, tmp_path: Path) -> None:
    (tmp_path / 'work_dir').touch()
    refused(r'work_dir: ', config)


def test_debug_shows_where_an_error_comes_from(config: Path) -> None:
    with pytest.raises(TypeError, match='max_epoch'):
        main([str(config), '--debug', '--cfg-options', 'train_cfg.max_epoch=3'])
