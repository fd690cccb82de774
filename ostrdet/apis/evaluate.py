"""Testing a trained network: what ``tools/test.py`` calls."""

import json
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from ostrdet.apis.build_runner import build_runner
from ostrdet.apis.load_model import drop_missing_aux
from ostrdet.engine.checkpoint import read_state
from ostrdet.engine.hooks.train_console import plain_metrics
from ostrdet.settings.train import load_config


def evaluate(
    config: str | Path | Config,
    checkpoint: str | Path,
    genotype: str | Path | None = None,
    work_dir: str | Path | None = None,
    data_root: str | Path | None = None,
    out: str | Path | None = None,
    cfg_options: Sequence[str] = (),
    launcher: str = 'none',
) -> dict[str, float]:
    """Test a checkpoint on the test set of a config.

    Args:
        config: A config, or its file.
        checkpoint: A checkpoint of the runner, or a published file.
        genotype: As in :func:`ostrdet.apis.train.build_training`.
        work_dir: Where the log goes; the folder ``test`` of the training's if None.
        data_root: Folder of the data set, instead of the config's.
        out: JSON file for the metrics.
        cfg_options: Overrides, as 'key=value'.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Returns:
        The metrics by name, accuracies in percent and average precisions of COCO in [0, 1].

    Raises:
        FileNotFoundError: If a file is missing.
        IsADirectoryError: If ``out`` is a folder.
        InvalidValueError: If the checkpoint is damaged or of another architecture.
    """
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f"there is no checkpoint '{checkpoint}'")
    if out is not None and Path(out).is_dir():
        raise IsADirectoryError(f"--out: '{out}' is a folder, expected a JSON file")
    cfg = load_config(config, genotype, work_dir, data_root=data_root, cfg_options=cfg_options)
    if work_dir is None:
        cfg.work_dir = str(Path(cfg.work_dir) / 'test')
    drop_missing_aux(cfg, read_state(checkpoint))
    cfg.load_from, cfg.resume = str(checkpoint), False
    metrics: dict[str, float] = plain_metrics(build_runner(cfg, launcher).test())
    if out is not None:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        Path(out).write_text(json.dumps(metrics, indent=1) + '\n', encoding='utf-8')
    return metrics
