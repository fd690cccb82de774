"""Options of ``tools/analyze.py``: a dataclass for each analysis, whose fields are its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ostrdet.commands.options import Options, argument, flag, option
from ostrdet.commands.run_options import data_root

OUT = 'work_dirs/analysis'


def benchmark() -> Any:
    """The field of ``--benchmark``."""
    return option(
        'table of accuracies (CSV, JSON, or folder of a NATS-Bench release); several stand side by side',
        nargs='+',
        metavar='PATH',
    )


def dataset() -> Any:
    """The field of ``--dataset``."""
    return option('data set of the table (default: cifar10)', default='cifar10')


def ops() -> Any:
    """The field of ``--ops``."""
    return option(
        'the two to compare (default: the skip connection and the largest one)',
        nargs=2,
        metavar='OP',
    )


def batches(default: int, which: str = '') -> Any:
    """The field of ``--batches``; ``which`` says more of them."""
    return option(
        f'minibatches of the architecture half{which} (default: {default})',
        default=default,
        metavar='N',
    )


@dataclass(frozen=True, kw_only=True)
class OutOptions(Options):
    """Where every analysis writes, and what."""

    out: str = option(f'default: {OUT}', default=OUT, metavar='DIR')
    png: bool = flag('write figures as PNG too')


@dataclass(frozen=True, kw_only=True)
class SearchesOptions(Options):
    """What is analysed: searches."""

    work_dirs: Sequence[str] = argument('WORK_DIR', 'work dir of a search', nargs='+')


@dataclass(frozen=True, kw_only=True)
class CheckpointOptions(Options):
    """What is analysed: one checkpoint of a search."""

    work_dir: str = argument('WORK_DIR', 'work dir of a search')
    checkpoint: str | None = option('one of the search (default: its newest)', metavar='PATH')


@dataclass(frozen=True, kw_only=True)
class CorrelationOptions(SearchesOptions):
    """Options of the command ``correlation``."""

    benchmark: Sequence[str] | None = benchmark()
    dataset: str = dataset()
    retrain: str | None = option(
        'train every cell with CONFIG, instead of a table', metavar='CONFIG'
    )
    epochs: int = option('epochs of each training (default: 1)', default=1, metavar='N')
    seed: int = option('seed of each training (default: 0)', default=0, metavar='N')
    data_root: str | None = data_root()
    epoch: int | None = option('epoch of the searches (default: their last)', metavar='N')
    base: str | None = option(
        'whose cell is varied (default: the one that decided the search)', metavar='CRITERION'
    )


@dataclass(frozen=True, kw_only=True)
class StabilityOptions(SearchesOptions):
    """Options of the command ``stability``."""

    benchmark: Sequence[str] | None = benchmark()
    dataset: str = dataset()
    from_epoch: int = option('first epoch that counts (default: 5)', default=5, metavar='N')


@dataclass(frozen=True, kw_only=True)
class CriteriaOptions(SearchesOptions):
    """Options of the command ``criteria``."""

    benchmark: Sequence[str] | None = benchmark()
    layout: str | None = option('size at which networks are counted (default: first of the space)')


@dataclass(frozen=True, kw_only=True)
class BudgetOptions(SearchesOptions):
    """Options of the command ``budget``."""

    benchmark: Sequence[str] = option(
        'table of the accuracies of all cells (CSV, JSON, or folder of a NATS-Bench release); several '
        'stand side by side',
        required=True,
        nargs='+',
        metavar='PATH',
    )
    dataset: str = dataset()
    shares: Sequence[float] = option(
        'budgets, as parts of what the free choice costs (default: 0.25 0.5 0.75 1)',
        default=[0.25, 0.5, 0.75, 1.0],
        nargs='+',
        metavar='PART',
    )
    layout: str = option('size at which costs count (default: cifar10)', default='cifar10')
    latency_table: Sequence[str] | None = option(
        'count milliseconds, as tools/select.py does, in place of multiply-adds',
        nargs='+',
        metavar='FILE',
    )
    latency_device: str | None = option('column of a table by cell', metavar='NAME')


@dataclass(frozen=True, kw_only=True)
class LossChangeOptions(CheckpointOptions):
    """Options of the command ``loss-change``."""

    batches: int = batches(4)
    data_root: str | None = data_root()
    hessian: bool = flag('also estimate to second order by the exact Hessian: five times as long')


@dataclass(frozen=True, kw_only=True)
class AlongOptions(SearchesOptions):
    """Options of the commands ``landscape`` and ``residuals``, which follow the checkpoints."""

    every: int = option('every N-th checkpoint (default: 1)', default=1, metavar='N')
    batches: int = batches(1)
    data_root: str | None = data_root()


@dataclass(frozen=True, kw_only=True)
class RaceOptions(SearchesOptions):
    """Options of the command ``race``."""

    ops: Sequence[str] | None = ops()
    criterion: str = option(
        'whose scores are compared (default: OperationStrength)', default='OperationStrength'
    )
    group_by: Sequence[str] = option(
        'config keys by which searches are grouped (default: depth and batch size)',
        default=['model.supernet.num_cells', 'train_dataloader.batch_size'],
        nargs='+',
        metavar='KEY',
    )


@dataclass(frozen=True, kw_only=True)
class NoiseOptions(CheckpointOptions):
    """Options of the command ``noise``."""

    ops: Sequence[str] | None = ops()
    batch_sizes: Sequence[int] = option(
        'images of a minibatch (default: 8 16 32 64)',
        default=[8, 16, 32, 64],
        nargs='+',
        metavar='N',
    )
    batches: int = batches(16, ' of the largest size; their images are cut into the smaller ones')
    data_root: str | None = data_root()


@dataclass(frozen=True, kw_only=True)
class ProxiesOptions(Options):
    """Options of the command ``proxies``."""

    table: Sequence[str] = option(
        'table of numbers (CSV, JSON, or folder of a NATS-Bench release); several stand side by side',
        required=True,
        nargs='+',
        metavar='PATH',
    )
    cells: str | None = option('cells, one per line (default: all of the table)', metavar='FILE')
    scores: Sequence[str] = option(
        'training-free scores (default: all that the images allow)',
        default=[],
        nargs='+',
        metavar='NAME',
    )
    column: Sequence[str] = option(
        'columns of the table (default: its first)', default=[], nargs='+', metavar='NAME'
    )
    space: str | None = option(
        'type of the space whose cells are ranked, where the table has several', metavar='TYPE'
    )
    config: str | None = option(
        'config of a search, for images with labels and the size of the networks (default: noise)'
    )
    data_root: str | None = data_root()
    layout: str | None = option(
        "published size of the networks (default: the config's, or the first)"
    )
    supernet: str | None = option(
        'work dir of a search, whose supernet judges every cell too', metavar='WORK_DIR'
    )
    batches: int = batches(8, ', for the supernet')
    seed: int = option('of weights, images and draws (default: 0)', default=0, metavar='N')
