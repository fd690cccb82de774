"""Whatever is wrong with a search is said in one line, before anything is trained."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.commands.search import main

HEADER = 'arch,cifar10,cifar100,imagenet16_120\n'
WEIGHTS = "weights=dict(optimizer=dict(type='SGD', lr=0.1))"

#: By --cfg-options: what is overridden, and what the message says.
OPTIONS = {
    'operation': (
        'model.supernet.space.ops=[none,skip_conect]',
        r"config key 'model\.supernet\.space\.ops': .*'skip_conect'\. Did you mean 'skip_connect'\?",
    ),
    'criterion': (
        'default_hooks.selector.criterion.type=OperationStrenght',
        r"'default_hooks\.selector\.criterion\.type'.*Did you mean 'OperationStrength'\?",
    ),
    'compared criterion': (
        'default_hooks.selector.compare=[Magnitud]',
        r"'default_hooks\.selector\.compare'.*Did you mean 'Magnitude'\?",
    ),
    'space': (
        'model.supernet.space.type=NASBench201',
        r"'model\.supernet\.space\.type'.*Did you mean 'NASBench201Space'\?",
    ),
    'weighting': (
        'model.weighting.type=SoftMax',
        r"'model\.weighting\.type'.*Did you mean 'SoftmaxWeighting'\?",
    ),
    'mixed operation': (
        'model.supernet.mixed_op.type=PartialChannelOp',
        r"'model\.supernet\.mixed_op\.type'.*Did you mean 'PartialChannelMixedOp'\?",
    ),
    'architecture update': (
        'model.arch_update.type=UnroledUpdate',
        r"'model\.arch_update\.type'.*Did you mean 'UnrolledUpdate'\?",
    ),
    'searcher': ('model.type=BilevelSearch', r"'model\.type'.*Did you mean 'BilevelSearcher'\?"),
    'loop': ('train_cfg.type=BilevelLoop', r"'train_cfg\.type'.*Did you mean 'BilevelTrainLoop'\?"),
    'hook': (
        'default_hooks.finite.type=FinitHook',
        r"'default_hooks\.finite\.type'.*Did you mean 'FiniteHook'\?",
    ),
    'data set': (
        'train_dataloader.dataset.type=Digit',
        r"'train_dataloader\.dataset\.type'.*Did you mean 'Digits'\?",
    ),
    'transform': (
        'train_dataloader.dataset.pipeline.0.type=PadCropFlipp',
        r"'train_dataloader\.dataset\.pipeline\.0\.type'.*Did you mean 'PadCropFlip'\?",
    ),
    'optimizer': (
        'optim_wrapper.arch.optimizer.type=Adamm',
        r"'optim_wrapper\.arch\.optimizer\.type'.*Did you mean 'Adam'\?",
    ),
    'scheduler': (
        'param_scheduler.weights.0.type=CosineRestart',
        r"'param_scheduler\.weights\.0\.type'.*Did you mean 'CosineRestartLR'\?",
    ),
    'constructor of optimizers': (
        'optim_wrapper.constructor=BilevelConstructor',
        r"'optim_wrapper\.constructor'.*Did you mean 'BilevelOptimWrapperConstructor'\?",
    ),
    'key in model': (
        'model.weightings=1',
        r"'model\.weightings': BilevelSearcher .*Did you mean 'weighting'\?",
    ),
    'key in supernet': (
        'model.supernet.channel=4',
        r"'model\.supernet\.channel': Supernet .*Did you mean 'channels'\?",
    ),
    'key in space': (
        'model.supernet.space.num_node=3',
        r"'model\.supernet\.space\.num_node': NASBench201Space .*Did you mean 'num_nodes'\?",
    ),
    'key in mixed operation': (
        'model.supernet.mixed_op.k=4',
        r"'model\.supernet\.mixed_op\.k': MixedOp has no argument 'k'",
    ),
    'key in weighting': (
        'model.weighting.edgenorm=True',
        r"'model\.weighting\.edgenorm': SoftmaxWeighting .*Did you mean 'edge_norm'\?",
    ),
    'key in selector': (
        'default_hooks.selector.patiance=3',
        r"'default_hooks\.selector\.patiance': SelectorHook .*Did you mean 'patience'\?",
    ),
    'key of a hook that takes none': (
        'default_hooks.finite.interval=3',
        r"'default_hooks\.finite\.interval': FiniteHook has no argument 'interval'\. It takes none",
    ),
    'key in train_cfg': (
        'train_cfg.max_epoch=3',
        r"'train_cfg\.max_epoch': BilevelTrainLoop .*Did you mean 'max_epochs'\?",
    ),
    'key in optimizer': (
        'optim_wrapper.weights.optimizer.momentun=0.9',
        r"'optim_wrapper\.weights\.optimizer\.momentun': SGD .*Did you mean 'momentum'\?",
    ),
    'key in data set': (
        'train_dataloader.dataset.spilt=all',
        r"'train_dataloader\.dataset\.spilt': Digits .*Did you mean 'split'\?",
    ),
    'key in dataloader': (
        'train_dataloader.batchsize=4',
        r"'train_dataloader\.batchsize': dataloader .*Did you mean 'batch_size'\?",
    ),
    'top-level key': (
        'trian_cfg.max_epochs=3',
        r"--cfg-options: config key 'trian_cfg' is unknown\. Did you mean 'train_cfg'\?",
    ),
    'batch larger than a half': (
        'train_dataloader.batch_size=73',
        r'train_dataloader\.batch_size=73 is larger than the 72 samples of the half .*smaller',
    ),
    'portions that overlap': (
        'train_cfg.portions=(0.6,0.5)',
        r'train_cfg\.portions=\(0\.6, 0\.5\): the halves would share samples.*smaller',
    ),
    'number of classes': (
        'model.supernet.num_classes=5',
        r'model\.supernet\.num_classes=5, but train_dataloader\.dataset has 10 classes',
    ),
    'no seed': ('randomness.seed=None', r'randomness\.seed=None: a run needs a seed .*--seed N'),
    'patience': (
        'default_hooks.selector.patience=0',
        r'default_hooks\.selector\.patience=0, expected None or a number of epochs',
    ),
    'epochs': ('train_cfg.max_epochs=0', r'train_cfg\.max_epochs=0, expected an integer'),
    'accumulated gradients': (
        'optim_wrapper.weights.accumulative_counts=2',
        r'optim_wrapper\.weights\.accumulative_counts=2: .*set it to 1',
    ),
    'no equals sign': ('train_cfg.max_epochs', r"--cfg-options: 'train_cfg\.max_epochs' is not of"),
    'brackets': (
        'train_cfg.portions=(0.1,0.1',
        r"--cfg-options: the brackets of 'train_cfg\.portions=\(0\.1,0\.1' do not match",
    ),
}

#: By the text of a config that inherits from a good one.
TEXTS = {
    'top-level key in a file': (
        'custom_hook = []',
        r"config key 'custom_hook' is unknown\. Did you mean 'custom_hooks'\?",
    ),
    'no optimizer of alpha': (
        f"optim_wrapper = dict(_delete_=True, constructor='BilevelOptimWrapperConstructor', {WEIGHTS})",
        r"optim_wrapper needs the keys \['weights', 'arch'\] .*got \['weights'\]",
    ),
    'an empty optimizer of alpha': (
        "optim_wrapper = dict(arch=dict(_delete_=True, type='OptimWrapper'))",
        r"optim_wrapper\.arch needs the key 'optimizer'",
    ),
    'no schedulers of alpha': (
        'param_scheduler = dict(_delete_=True, weights=[])',
        r"param_scheduler needs a list.* keys \['arch', 'weights'\].*got \['weights'\]",
    ),
    'schedulers of a third optimizer': (
        'param_scheduler = dict(alpha=[])',
        r"param_scheduler needs.*got \['alpha', 'arch', 'weights'\]",
    ),
    'one list of schedulers': (
        "param_scheduler = [dict(type='ConstantLR')]",
        r'param_scheduler needs.*got one list for all',
    ),
    'syntax': ('model = dict(', r"config file '.*config\.py': '\(' was never closed"),
    'undefined name': (
        'model = dict(init_std=std)',
        r"config file '.*': name 'std' is not defined",
    ),
}

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


@pytest.mark.parametrize('case', OPTIONS)
def test_options(refused: Any, config: Path, case: str) -> None:
    option, message = OPTIONS[case]
    refused(message, config, '--cfg-options', option)


@pytest.mark.parametrize('case', TEXTS)
def test_config_files(refused: Any, config: Path, tmp_path: Path, case: str) -> None:
    text, message = TEXTS[case]
    child = tmp_path / 'config.py'
    child.write_text(f"_base_ = './{config.name}'\n{text}\n", encoding='utf-8')
    refused(message, child)


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
