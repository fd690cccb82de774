"""Keys and names that do not exist: the message names the place, and the nearest that does."""

from pathlib import Path
from typing import Any

import pytest

#: By --cfg-options of a search: what is overridden, and what the message holds.
SEARCH: dict[str, tuple[str, tuple[str, ...]]] = {
    'engine': ('model.supernet.engine=fats', (r"model\.supernet\.engine='fats'", "mean 'fast'")),
    'stem': ('model.supernet.stem=CifarStem', ("unknown stem 'CifarStem'", "mean 'CIFARStem'")),
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
    'no model': ('model=None', ('the config has no model', 'configs/')),
    'model in words': ('model=net', ("model='net', expected a dict",)),
    'no data': ('train_dataloader=None', ('train_dataloader=None, expected a dict',)),
    'key below a number': (
        'train_cfg.max_epochs.x=1',
        (r'--cfg-options train_cfg\.max_epochs\.x=1',),
    ),
    'place in a list': (
        'param_scheduler.weights.7.type=X',
        (r'--cfg-options: .*weights\.7', 'is a list of 1'),
    ),
    'operation': (
        'model.supernet.space.ops=[none,skip_conect]',
        (
            r"config key 'model\.supernet\.space\.ops': .*'skip_conect'\. Did you mean 'skip_connect'\?",
        ),
    ),
    'criterion': (
        'default_hooks.selector.criterion.type=OperationStrenght',
        (r"'default_hooks\.selector\.criterion\.type'.*Did you mean 'OperationStrength'\?",),
    ),
    'compared criterion': (
        'default_hooks.selector.compare=[Magnitud]',
        (r"'default_hooks\.selector\.compare'.*Did you mean 'Magnitude'\?",),
    ),
    'space': (
        'model.supernet.space.type=NASBench201',
        (r"'model\.supernet\.space\.type'.*Did you mean 'NASBench201Space'\?",),
    ),
    'weighting': (
        'model.weighting.type=SoftMax',
        (r"'model\.weighting\.type'.*Did you mean 'SoftmaxWeighting'\?",),
    ),
    'mixed operation': (
        'model.supernet.mixed_op.type=PartialChannelOp',
        (r"'model\.supernet\.mixed_op\.type'.*Did you mean 'PartialChannelMixedOp'\?",),
    ),
    'architecture update': (
        'model.arch_update.type=UnroledUpdate',
        (r"'model\.arch_update\.type'.*Did you mean 'UnrolledUpdate'\?",),
    ),
    'searcher': ('model.type=BilevelSearch', (r"'model\.type'.*Did you mean 'BilevelSearcher'\?",)),
    'loop': (
        'train_cfg.type=BilevelLoop',
        (r"'train_cfg\.type'.*Did you mean 'BilevelTrainLoop'\?",),
    ),
    'hook': (
        'default_hooks.finite.type=FinitHook',
        (r"'default_hooks\.finite\.type'.*Did you mean 'FiniteHook'\?",),
    ),
    'data set': (
        'train_dataloader.dataset.type=Digit',
        (r"'train_dataloader\.dataset\.type'.*Did you mean 'Digits'\?",),
    ),
    'transform': (
        'train_dataloader.dataset.pipeline.0.type=PadCropFlipp',
        (r"'train_dataloader\.dataset\.pipeline\.0\.type'.*Did you mean 'PadCropFlip'\?",),
    ),
    'optimizer': (
        'optim_wrapper.arch.optimizer.type=Adamm',
        (r"'optim_wrapper\.arch\.optimizer\.type'.*Did you mean 'Adam'\?",),
    ),
    'scheduler': (
        'param_scheduler.weights.0.type=CosineRestart',
        (r"'param_scheduler\.weights\.0\.type'.*Did you mean 'CosineRestartLR'\?",),
    ),
    'constructor of optimizers': (
        'optim_wrapper.constructor=BilevelConstructor',
        (r"'optim_wrapper\.constructor'.*Did you mean 'BilevelOptimWrapperConstructor'\?",),
    ),
    'key in model': (
        'model.weightings=1',
        (r"'model\.weightings': BilevelSearcher .*Did you mean 'weighting'\?",),
    ),
    'key in supernet': (
        'model.supernet.channel=4',
        (r"'model\.supernet\.channel': Supernet .*Did you mean 'channels'\?",),
    ),
    'key in space': (
        'model.supernet.space.num_node=3',
        (r"'model\.supernet\.space\.num_node': NASBench201Space .*Did you mean 'num_nodes'\?",),
    ),
    'key in mixed operation': (
        'model.supernet.mixed_op.k=4',
        (r"'model\.supernet\.mixed_op\.k': MixedOp has no argument 'k'",),
    ),
    'key in weighting': (
        'model.weighting.edgenorm=True',
        (r"'model\.weighting\.edgenorm': SoftmaxWeighting .*Did you mean 'edge_norm'\?",),
    ),
    'key in selector': (
        'default_hooks.selector.patiance=3',
        (r"'default_hooks\.selector\.patiance': SelectorHook .*Did you mean 'patience'\?",),
    ),
    'key of a hook that takes none': (
        'default_hooks.finite.interval=3',
        (
            r"'default_hooks\.finite\.interval': FiniteHook has no argument 'interval'\. It takes none",
        ),
    ),
    'key in train_cfg': (
        'train_cfg.max_epoch=3',
        (r"'train_cfg\.max_epoch': BilevelTrainLoop .*Did you mean 'max_epochs'\?",),
    ),
    'key in optimizer': (
        'optim_wrapper.weights.optimizer.momentun=0.9',
        (r"'optim_wrapper\.weights\.optimizer\.momentun': SGD .*Did you mean 'momentum'\?",),
    ),
    'key in data set': (
        'train_dataloader.dataset.spilt=all',
        (r"'train_dataloader\.dataset\.spilt': Digits .*Did you mean 'split'\?",),
    ),
    'key in dataloader': (
        'train_dataloader.batchsize=4',
        (r"'train_dataloader\.batchsize': dataloader .*Did you mean 'batch_size'\?",),
    ),
    'top-level key': (
        'trian_cfg.max_epochs=3',
        (r"--cfg-options: config key 'trian_cfg' is unknown\. Did you mean 'train_cfg'\?",),
    ),
    'no equals sign': (
        'train_cfg.max_epochs',
        (r"--cfg-options: 'train_cfg\.max_epochs' is not of",),
    ),
    'brackets': (
        'train_cfg.portions=(0.1,0.1',
        (r"--cfg-options: the brackets of 'train_cfg\.portions=\(0\.1,0\.1' do not match",),
    ),
}


@pytest.mark.parametrize('case', SEARCH)
def test_names_in_a_search(refused: Any, search_config: Path, case: str) -> None:
    options, patterns = SEARCH[case]
    refused('search', [search_config, '--cfg-options', *options.split()], *patterns)
