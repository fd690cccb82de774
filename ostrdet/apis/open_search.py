"""A search opened for measurements: its supernet, its checkpoints, batches of its validation loss."""

import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from ostrdet.apis.build_runner import build_runner
from ostrdet.engine.checkpoint import check_state, checkpoints, read_checkpoint
from ostrdet.engine.loops.finetuning import FineTuning
from ostrdet.engine.loops.seeded_data import first_batches
from ostrdet.engine.runner import explained
from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.models.unwrap import searcher_of
from ostrdet.records.stages import check_one_search
from ostrdet.settings.search import load_config

#: The reference engine, which can be differentiated twice, in full precision; no table is read.
FOR_MEASUREMENTS = (
    'model.supernet.engine=plain',
    'model.channels_last=False',
    'model.autocast=None',
    'default_hooks.selector.benchmark=None',
)
#: As the search was, but for the table.
AS_SEARCHED = FOR_MEASUREMENTS[-1:]


class OpenSearch:
    """The searcher of a work dir, and minibatches of its architecture half.

    The minibatches are those of the first epoch, with its augmentation, so that they are the same
    in every call. Nothing is written into the work dir. No data are opened before they are asked for.

    Args:
        work_dir: The folder of a search.
        num_batches: How many minibatches to read; None for none yet. :meth:`read` reads more.
        data_root: Folder of the data set, instead of the config's.
        batch_size: Images of a minibatch, instead of the config's.
        exact: Whether to compute by the reference engine in double precision, not as the search did.

    Raises:
        FileNotFoundError: If the work dir has no config, or the data are missing.
        InvalidValueError: If it has several configs, or the half has fewer batches.
    """

    def __init__(
        self,
        work_dir: str | Path,
        num_batches: int | None = 1,
        data_root: str | Path | None = None,
        batch_size: int | None = None,
        exact: bool = True,
    ) -> None:
        self.work_dir = Path(work_dir)
        options = list(FOR_MEASUREMENTS if exact else AS_SEARCHED)
        self._dtype = torch.float64 if exact else torch.float32
        if batch_size is not None:
            options.append(f'train_dataloader.batch_size={batch_size}')
        with tempfile.TemporaryDirectory() as folder:
            cfg = load_config(config_of(work_dir), folder, data_root=data_root, cfg_options=options)
            self._runner = build_runner(cfg)
            self.searcher: BilevelSearcher = searcher_of(self._runner).to(self._dtype).train()
            self.batches = [] if num_batches is None else self.read(num_batches)

    @cached_property
    def loader(self) -> Any:
        """The loader of the architecture half; the data are opened here."""
        with explained(self._runner.cfg):
            return self._runner.train_loop.arch_dataloader

    @cached_property
    def tune(self) -> FineTuning:
        """Trains a copy of the searcher further."""
        return FineTuning(self._runner)

    def read(self, number: int) -> list[Batch]:
        """So many minibatches of the architecture half.

        Raises:
            InvalidValueError: If there are fewer.
        """
        return [self._batch(data) for data in first_batches(self.loader, number, '--batches')]

    def load(self, checkpoint: str | Path) -> int:
        """Take the weights and alphas of a checkpoint; returns the epochs done by then.

        Raises:
            FileNotFoundError: If there is no such file.
            InvalidValueError: If it is damaged, or of another search.
        """
        return self.take(read_checkpoint(checkpoint), checkpoint)

    def take(self, content: Mapping[str, Any], checkpoint: str | Path) -> int:
        """As :meth:`load`, of a checkpoint that was read from the file ``checkpoint``."""
        check_state(content['state_dict'], self.searcher.state_dict(), checkpoint)
        self.searcher.load_state_dict(content['state_dict'])
        self.searcher.decide(content.get('selector', {}).get('decisions', {}))
        return int(content.get('meta', {}).get('epoch', 0))

    def _batch(self, data: Any) -> Batch:
        images, labels = self.searcher.prepare(data)
        return Batch(images.to(self._dtype), labels)


def config_of(work_dir: str | Path) -> Path:
    """The config that a run left in its work dir.

    Raises:
        FileNotFoundError: If there is none.
        InvalidValueError: If there are several, or the search has stages.
    """
    check_one_search(work_dir)
    found = sorted(Path(work_dir).glob('*.py'))
    if not found:
        raise FileNotFoundError(
            f"'{work_dir}' holds no config (*.py); give the work dir of tools/search.py"
        )
    if len(found) > 1:
        names = ', '.join(path.name for path in found)
        raise InvalidValueError(
            f"'{work_dir}' holds several configs: {names}; leave the one of the search"
        )
    return found[0]


def epoch_checkpoints(work_dir: str | Path) -> list[Path]:
    """The checkpoints at the end of whole epochs, oldest first.

    Raises:
        FileNotFoundError: If there is none.
        InvalidValueError: If the search has stages.
    """
    check_one_search(work_dir)
    found = [path for path in reversed(checkpoints(work_dir)) if '_iter_' not in path.name]
    if not found:
        raise FileNotFoundError(
            f"'{work_dir}' holds no checkpoint epoch_N.pth; search with "
            'default_hooks.checkpoint.max_keep_ckpts=-1, which keeps all'
        )
    return found
