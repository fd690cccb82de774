"""Configs that are wrong: whatever it is, one message says so, before anything is trained."""

from pathlib import Path
from typing import Any

import pytest

PARTIAL = 'model.supernet.mixed_op.type=PartialChannelMixedOp'

#: By --cfg-options of a search: what is overridden, and what the message holds.
SEARCH: dict[str, tuple[str, tuple[str, ...]]] = {
    'top-level typo': ('modl.type=X', ("key 'modl'", "mean 'model'")),
    'unknown model': ('model.type=BilevelSearch', (r"'model\.type'", "mean 'BilevelSearcher'")),
    'unknown key': ('model.wieghting=1', (r"'model\.wieghting'", "mean 'weighting'")),
    'unknown loop key': ('train_cfg.max_epoch=1', (r'train_cfg\.max_epoch', "mean 'max_epochs'")),
    'epochs in words': (
        'train_cfg.max_epochs=ten',
        (r"train_cfg\.max_epochs='ten', expected an in",),
    ),
    'no epochs': ('train_cfg.max_epochs=0', (r'train_cfg\.max_epochs=0, expected .* at least 1',)),
    'negative epochs': ('train_cfg.max_epochs=-1', (r'train_cfg\.max_epochs=-1, .* at least 1',)),
    'half an epoch': (
        'train_cfg.max_epochs=1.5',
        (r'train_cfg\.max_epochs=1\.5, expected an int',),
    ),
    'alpha before the start': (
        'train_cfg.arch_start_epoch=-1',
        (r'arch_start_epoch=-1, .*least 0',),
    ),
    'no validation interval': (
        'train_cfg.val_interval=0',
        (r'train_cfg\.val_interval=0, expected',),
    ),
    'seed of the split': (
        'train_cfg.split_seed=abc',
        (r"train_cfg\.split_seed='abc', expected an",),
    ),
    'rate in words': (
        'optim_wrapper.weights.optimizer.lr=high',
        (r"optim_wrapper\.weights\.optimizer\.lr='high', expected a number, at least 0",),
    ),
    'negative rate': (
        'optim_wrapper.arch.optimizer.lr=-0.1',
        (r'optim_wrapper\.arch\.optimizer\.lr=-0\.1, expected a number, at least 0',),
    ),
    'rate that is no number': (
        'optim_wrapper.weights.optimizer.lr=nan',
        (r'optim_wrapper\.weights\.optimizer\.lr=nan, expected a number',),
    ),
    'negative momentum': (
        'optim_wrapper.weights.optimizer.momentum=-1',
        (r'momentum=-1, expected',),
    ),
    'betas': ('optim_wrapper.arch.optimizer.betas=(2,0.9)', (r'betas=\(2, 0\.9\), .*\[0, 1\)',)),
    'clipping by a number': (
        'optim_wrapper.weights.clip_grad=5',
        (r'clip_grad=5, .*dict\(max_norm',),
    ),
    'clipping at less than zero': ('optim_wrapper.weights.clip_grad.max_norm=-1', ('above 0',)),
    'period of the cosine': (
        'param_scheduler.weights.0.T_max=0',
        (r'weights\.0\.T_max=0, expected',),
    ),
    'unknown operation': ('model.supernet.space.ops=[none,skip]', (r'space\.ops', 'skip_connect')),
    'operation twice': (
        'model.supernet.space.ops=[none,skip_connect,skip_connect]',
        (r'space\.ops repeats .*skip_connect.*name each once',),
    ),
    'only none': (
        'model.supernet.space.ops=[none]',
        (r"space\.ops=\['none'\] .*add an operation",),
    ),
    'no operations': ('model.supernet.space.ops=[]', (r'space\.ops=\[\].*add an operation',)),
    'no nodes': (
        'model.supernet.space.num_nodes=0',
        (r'space\.num_nodes=0, expected .* at least 1',),
    ),
    'nodes in words': (
        'model.supernet.space.num_nodes=two',
        (r"space\.num_nodes='two', expected an",),
    ),
    'no stages': ('model.supernet.space.num_stages=0', (r'space\.num_stages=0, expected',)),
    'channels that k does not divide': (
        f'{PARTIAL} model.supernet.mixed_op.k=3',
        (r'mixed_op\.k=3 must divide the 4 channels .*change k or model\.supernet\.channels',),
    ),
    'no channels': (
        'model.supernet.channels=0',
        (r'supernet\.channels=0, expected .* at least 1',),
    ),
    'channels in words': (
        'model.supernet.channels=four',
        (r"supernet\.channels='four', expected",),
    ),
    'number in words': ('model.init_std=small', (r"model\.init_std='small', expected a number",)),
    'engine': ('model.supernet.engine=fats', (r"model\.supernet\.engine='fats'", "mean 'fast'")),
    'stem': ('model.supernet.stem=CifarStem', ("unknown stem 'CifarStem'", "mean 'CIFARStem'")),
    'half precision of a kind': (
        'model.autocast=float8',
        (r"model\.autocast='float8'", 'bfloat16'),
    ),
    'no batch': (
        'train_dataloader.batch_size=0',
        (r'train_dataloader\.batch_size=0, .*at least 1',),
    ),
    'batch in words': (
        'train_dataloader.batch_size=big',
        (r"batch_size='big', expected an integer",),
    ),
    'negative workers': ('train_dataloader.num_workers=-1', (r'train_dataloader\.num_workers=-1',)),
    'batch above the half': (
        'train_dataloader.batch_size=99',
        ('batch_size=99 is larger', 'smaller'),
    ),
    'an empty half': (
        'train_cfg.portions=(0,0.5)',
        (r'train_cfg\.portions=\(0, 0\.5\)', 'such as'),
    ),
    'a half of no sample': (
        'train_cfg.portions=(0.0001,0.0001)',
        ('portions', 'Use larger portions'),
    ),
    'halves that overlap': (
        'train_cfg.portions=(0.8,0.8)',
        ('portions', 'Make one of the two smal'),
    ),
    'part of the data set': ('train_dataloader.dataset.split=trian', ("'trian', expected one of",)),
    'size of the images': ('train_dataloader.dataset.size=0', (r'dataset\.size=0, expected',)),
    'one checkpoint': (
        'default_hooks.checkpoint.max_keep_ckpts=1',
        ('max_keep_ckpts=1', 'at least 2'),
    ),
    'interval of checkpoints': ('default_hooks.checkpoint.interval=0', (r'interval=0, expected',)),
    'no selector': ('default_hooks=None', (r'default_hooks\.selector is missing', 'set it to')),
    'hook of nothing': ('default_hooks.selector=None', (r"selector=None, expected .* key 'type'",)),
    'unknown library': (
        'default_scope=mmpretain',
        ("default_scope='mmpretain'", "mean 'mmpretrain'"),
    ),
    'another library': (
        'default_scope=mmpretrain',
        ("default_scope='mmpretrain'", 'or default_scope'),
    ),
    'prefix': ('train_dataloader.dataset.type=ostrdt.Digits', ("'ostrdt'", "mean 'ostrdet'")),
    'seed in words': (
        'randomness.seed=abc',
        (r"randomness\.seed='abc'", r'\[0, 2\*\*32\)', '--seed'),
    ),
    'negative seed': ('randomness.seed=-1', (r'randomness\.seed=-1', '--seed N')),
    'level of the log': ('log_level=LOUD', ("log_level='LOUD', expected one of .*INFO",)),
    'start of workers': ('env_cfg.mp_cfg.mp_start_method=frok', ("mp_start_method='frok'.* fork",)),
    'no model': ('model=None', ('the config has no model', 'configs/')),
    'model in words': ('model=net', ("model='net', expected a dict",)),
    'no data': ('train_dataloader=None', ('train_dataloader=None, expected a dict',)),
    'brackets': (
        'train_cfg.portions=(0.1,0.1',
        ("brackets of 'train_cfg.portions=.* do not match",),
    ),
    'no equals sign': ('train_cfg', ("'train_cfg' is not of the form key=value",)),
    'key below a number': (
        'train_cfg.max_epochs.x=1',
        (r'--cfg-options train_cfg\.max_epochs\.x=1',),
    ),
    'place in a list': (
        'param_scheduler.weights.7.type=X',
        (r'--cfg-options: .*weights\.7', 'is a list of 1'),
    ),
    'weights at an address': (
        'load_from=https://host/w.pth',
        ('load_from', 'local file', 'fetch it'),
    ),
    'no such weights': ('load_from=none.pth', ("load_from: .* 'none.pth'", 'give the path')),
}

#: The same of a training.
TRAIN: dict[str, tuple[str, tuple[str, ...]]] = {
    'epochs in words': (
        'train_cfg.max_epochs=ten',
        (r"train_cfg\.max_epochs='ten', expected an in",),
    ),
    'no epochs': ('train_cfg.max_epochs=0', (r'train_cfg\.max_epochs=0, expected .* at least 1',)),
    'no validation interval': (
        'train_cfg.val_interval=0',
        (r'train_cfg\.val_interval=0, expected',),
    ),
    'negative rate': (
        'optim_wrapper.optimizer.lr=-1',
        (r'optim_wrapper\.optimizer\.lr=-1, expected',),
    ),
    'an epoch of nothing': (
        'train_dataloader.batch_size=100 train_dataloader.drop_last=True',
        ('batch_size=100 is larger than the 60 samples', 'drop_last', 'make it smaller'),
    ),
    'label above the classes': (
        'model.head.num_classes=5',
        (r'model\.head\.num_classes=5', '10 classes', 'set it to 10'),
    ),
    'drop path': ('model.backbone.drop_path_prob=2.0', (r'drop_path_prob=2\.0, .*\[0, 1\)',)),
    'stages': ('model.backbone.out_indices=(0,9)', (r'out_indices=9, expected -3 to 2',)),
    'no cells': ('model.backbone.num_cells=0', (r'model\.backbone\.num_cells=0, expected',)),
    'loss': (
        'model.head.loss.type=CrossEntropyLos',
        (r'model\.head\.loss\.type', "'CrossEntropyLoss'"),
    ),
    'workers that stay without workers': (
        'train_dataloader.persistent_workers=True',
        ("config key 'train_dataloader'", 'needs num_workers > 0'),
    ),
    'compilation': ('compile=maybe', ("compile='maybe', expected True, False, or a dict with",)),
}

#: By the text of a file, and its suffix; `search.py` beside it is a good one.
FILES: dict[str, tuple[str, bytes, tuple[str, ...]]] = {
    'typo': ('.py', b"_base_ = './search.py'\nmodl = 1", ("config key 'modl'", "mean 'model'")),
    'scheduler of a third optimizer': (
        '.py',
        b"_base_ = './search.py'\nparam_scheduler = dict(alpha=[])",
        ('param_scheduler', "'alpha'", r"\['arch', 'weights'\]"),
    ),
    'no architecture optimizer': (
        '.py',
        b"""_base_ = './search.py'\noptim_wrapper = dict(_delete_=True,
        constructor='BilevelOptimWrapperConstructor', weights=dict(optimizer=dict(type='SGD')))""",
        (r"optim_wrapper needs the keys \['weights', 'arch'\]", r"got \['weights'\]"),
    ),
    'base that is lost': (
        '.py',
        b"_base_ = './none.py'",
        (r"bad\.py'", r"none\.py': No such file"),
    ),
    'base of itself': (
        '.py',
        b"_base_ = './bad.py'",
        (r"'_base_' leads back to '.*bad\.py'", 'take it'),
    ),
    'base of another library': ('.py', b"_base_ = 'mmdet::none/none.py'", (r"bad\.py'", 'none.py')),
    'two bases with one key': (
        '.py',
        b"_base_ = ['./search.py', './search.py']",
        (r"bad\.py'", 'Duplicate key is not allowed'),
    ),
    'suffix': ('.txt', b'model = 1', (r"bad\.txt': expected one of \.py, \.json",)),
    'encoding': ('.py', b"model = '\xe9'", (r"bad\.py'.*utf-8",)),
    'binary': ('.py', b'\x00\x01', (r"bad\.py'.*null bytes",)),
    'syntax': ('.py', b'model = dict(', (r"bad\.py': '\(' was never closed",)),
    'undefined name': ('.py', b'model = net', (r"bad\.py': name 'net' is not defined",)),
    'error': ('.py', b'model = 1 / 0', (r"bad\.py': ZeroDivisionError: division by zero",)),
    'nothing': ('.py', b'', ('the config has no model', '_base_')),
    'JSON': ('.json', b'{"model": ', (r"bad\.json'.*Expecting value",)),
    'JSON list': ('.json', b'[1]', (r"bad\.json'.*expected keys and values, got a list",)),
    'YAML': ('.yaml', b'a: [1', (r"bad\.yaml'.*expected ',' or '\]'",)),
    'module that is lost': (
        '.py',
        b"_base_ = './search.py'\ncustom_imports = dict(imports=['no_such_module'])",
        (r"bad\.py': custom_imports: there is no module 'no_such_module'", 'PYTHONPATH=FOLDER'),
    ),
}


@pytest.mark.parametrize('case', SEARCH)
def test_options_of_a_search(refused: Any, search_config: Path, case: str) -> None:
    options, patterns = SEARCH[case]
    refused('search', [search_config, '--cfg-options', *options.split()], *patterns)


@pytest.mark.parametrize('case', TRAIN)
def test_options_of_a_training(refused: Any, train_config: Path, case: str) -> None:
    options, patterns = TRAIN[case]
    refused('train', [train_config, '--cfg-options', *options.split()], *patterns)


@pytest.mark.parametrize('case', FILES)
def test_files(refused: Any, search_config: Path, case: str) -> None:
    suffix, content, patterns = FILES[case]
    path = search_config.with_name('bad').with_suffix(suffix)
    path.write_bytes(content)
    refused('check', [path], *patterns)


def test_a_circle_of_bases(refused: Any, tmp_path: Path) -> None:
    for name, base in (('a', 'b'), ('b', 'c'), ('c', 'b')):
        (tmp_path / f'{name}.py').write_text(f"_base_ = './{base}.py'", encoding='utf-8')
    refused('train', [tmp_path / 'a.py'], r"a\.py'", r"'_base_' leads back to '.*b\.py'")
