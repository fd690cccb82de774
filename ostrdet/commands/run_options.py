"""Options that the command lines of search, training and testing share."""

from typing import Any

from ostrdet.commands.base import Parser

#: What ``add_argument`` takes, by option.
OPTIONS: dict[str, dict[str, Any]] = {
    '--genotype': {
        'metavar': 'NAME_OR_FILE',
        'help': 'published name (see configs/genotypes), genotype file, or text in quotes; default '
        "the config's",
    },
    '--work-dir': {
        'metavar': 'DIR',
        'help': 'where results go; default work_dirs/<name of the config>',
    },
    '--resume': {
        'nargs': '?',
        'const': 'auto',
        'metavar': 'PATH',
        'help': 'go on from a checkpoint; without PATH from the newest one in the work dir, or from '
        'the start if there is none',
    },
    '--seed': {'type': int, 'metavar': 'N', 'help': 'seed of the run; default randomness.seed'},
    '--data-root': {'metavar': 'DIR', 'help': 'folder of the data set'},
    '--benchmark': {
        'metavar': 'PATH',
        'help': 'table of accuracies (CSV, or folder of a NATS-Bench release); every epoch then '
        "reports the accuracy of each criterion's cell",
    },
    '--amp': {
        'nargs': '?',
        'const': 'bfloat16',
        'choices': ('bfloat16', 'float16'),
        'help': 'autocast; bfloat16 if nothing follows; float16 needs a GPU',
    },
    '--auto-scale-lr': {
        'action': 'store_true',
        'help': 'scale the learning rate with the batch over all processes',
    },
    '--out': {'metavar': 'FILE', 'help': 'JSON file for the metrics'},
    '--cfg-options': {
        'nargs': '+',
        'action': 'extend',
        'default': [],
        'metavar': 'KEY=VALUE',
        'help': 'override config values, such as train_cfg.max_epochs=100',
    },
    '--launcher': {
        'choices': ('none', 'pytorch', 'slurm', 'mpi'),
        'default': 'none',
        'help': 'how processes were started; pytorch for torchrun',
    },
}


def add_options(parser: Parser, *names: str) -> None:
    """Add the options ``names``, in that order of the help text."""
    for name in names:
        parser.add_argument(name, **OPTIONS[name])
