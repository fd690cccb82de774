"""Values that are out of range or fit nothing: one message says so, before anything is trained."""

from pathlib import Path
from typing import Any

import pytest

PARTIAL = 'model.supernet.mixed_op.type=PartialChannelMixedOp'

#: By --cfg-options of a search: what is overridden, and what the message holds.
SEARCH: dict[str, tuple[str, tuple[str, ...]]] = {
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
    'no interval of alpha': (
        'train_cfg.arch_interval=0',
        (r'arch_interval=0, expected .* at least 1',),
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
    'an empty half': (
        'train_cfg.portions=(0,0.5)',
        (r'train_cfg\.portions=\(0, 0\.5\)', 'such as'),
    ),
    'a half of no sample': (
        'train_cfg.portions=(0.0001,0.0001)',
        ('portions', 'Use larger portions'),
    ),
    'part of the data set': ('train_dataloader.dataset.split=trian', ("'trian', expected one of",)),
    'size of the images': ('train_dataloader.dataset.size=0', (r'dataset\.size=0, expected',)),
    'one checkpoint': (
        'default_hooks.checkpoint.max_keep_ckpts=1',
        ('max_keep_ckpts=1', 'at least 2'),
    ),
    'interval of checkpoints': ('default_hooks.checkpoint.interval=0', (r'interval=0, expected',)),
    'seed in words': (
        'randomness.seed=abc',
        (r"randomness\.seed='abc'", r'\[0, 2\*\*32\)', '--seed'),
    ),
    'negative seed': ('randomness.seed=-1', (r'randomness\.seed=-1', '--seed N')),
    'level of the log': ('log_level=LOUD', ("log_level='LOUD', expected one of .*INFO",)),
    'start of workers': ('env_cfg.mp_cfg.mp_start_method=frok', ("mp_start_method='frok'.* fork",)),
    'weights at an address': (
        'load_from=https://host/w.pth',
        ('load_from', 'local file', 'fetch it'),
    ),
    'no such weights': ('load_from=none.pth', ("load_from: .* 'none.pth'", 'give the path')),
    'batch larger than a half': (
        'train_dataloader.batch_size=73',
        (r'train_dataloader\.batch_size=73 is larger than the 72 samples of the half .*smaller',),
    ),
    'portions that overlap': (
        'train_cfg.portions=(0.6,0.5)',
        (r'train_cfg\.portions=\(0\.6, 0\.5\): the halves would share samples.*smaller',),
    ),
    'number of classes': (
        'model.supernet.num_classes=5',
        (r'model\.supernet\.num_classes=5, but train_dataloader\.dataset has 10 classes',),
    ),
    'no seed': ('randomness.seed=None', (r'randomness\.seed=None: a run needs a seed .*--seed N',)),
    'patience': (
        'default_hooks.selector.patience=0',
        (r'default_hooks\.selector\.patience=0, expected None or a number of epochs',),
    ),
    'accumulated gradients': (
        'optim_wrapper.weights.accumulative_counts=2',
        (r'optim_wrapper\.weights\.accumulative_counts=2: .*set it to 1',),
    ),
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


@pytest.mark.parametrize('case', SEARCH)
def test_options_of_a_search(refused: Any, search_config: Path, case: str) -> None:
    options, patterns = SEARCH[case]
    refused('search', [search_config, '--cfg-options', *options.split()], *patterns)


@pytest.mark.parametrize('case', TRAIN)
def test_options_of_a_training(refused: Any, train_config: Path, case: str) -> None:
    options, patterns = TRAIN[case]
    refused('train', [train_config, '--cfg-options', *options.split()], *patterns)
