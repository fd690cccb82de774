"""Stand-alone accuracies of cells: from a table, or by short trainings."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ostrdet.apis.train import build_training
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.evaluation import BenchmarkTable
from ostrdet.registry import nearest
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype, save_genotype
from ostrdet.structures.atomic import write_atomically

ACCURACY = 'accuracy/top1'
RESULT = 'accuracy.json'


def from_table(table: BenchmarkTable, dataset: str) -> Callable[[Genotype], float]:
    """Test accuracies in percent on one data set of a table."""

    def accuracy(genotype: Genotype) -> float:
        found = table.accuracies(genotype)
        if dataset not in found:
            raise UnknownNameError(f"--dataset '{dataset}': {nearest(dataset, found)}")
        return found[dataset]

    return accuracy


class ShortTrainings:
    """Trains every cell that it is asked for, once: a finished training is looked up.

    A cell has the folder ``<config>_<epochs>e_s<seed>/<key of the cell>`` with its work dir and its
    result; an interrupted training goes on from its newest checkpoint.

    Args:
        config: Config of a training, such as ``configs/retrain/darts_c10-mini.py``.
        epochs: Epochs of each training, at least 1.
        folder: Where the trainings go.
        seed: Seed of every training.
        data_root: Folder of the data set, instead of the config's.

    Raises:
        InvalidValueError: If ``epochs`` is less than 1.
    """

    def __init__(
        self,
        config: str | Path,
        epochs: int,
        folder: str | Path,
        seed: int = 0,
        data_root: str | Path | None = None,
    ) -> None:
        if epochs < 1:
            raise InvalidValueError(f'--epochs {epochs}: expected at least 1')
        self.config, self.epochs, self.seed, self.data_root = config, epochs, seed, data_root
        self.folder = Path(folder) / f'{Path(config).stem}_{epochs}e_s{seed}'

    def __call__(self, genotype: Genotype) -> float:
        """Accuracy after the last epoch on the test set of the config, in percent."""
        text = build_space(genotype.space).format(genotype)
        folder = self.folder / hashlib.sha256(text.encode()).hexdigest()[:12]
        result = folder / RESULT
        if not result.is_file():
            accuracy = self._train(genotype, folder)
            content = json.dumps({'cell': text, 'accuracy': accuracy}) + '\n'
            write_atomically(result, content.encode())
        return float(json.loads(result.read_text(encoding='utf-8'))['accuracy'])

    def _train(self, genotype: Genotype, folder: Path) -> float:
        folder.mkdir(parents=True, exist_ok=True)
        save_genotype(genotype, folder / 'cell.json')
        runner = build_training(
            self.config,
            genotype=folder / 'cell.json',
            work_dir=folder,
            resume='auto',
            seed=self.seed,
            data_root=self.data_root,
            # Validated once at the end: what lies between is not reported
            cfg_options=[
                f'train_cfg.max_epochs={self.epochs}',
                f'train_cfg.val_begin={self.epochs}',
            ],
        )
        runner.train()
        return float(runner.test()[ACCURACY])
