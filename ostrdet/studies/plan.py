"""From a study to its runs, and what is known of each from its work dir."""

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mmengine.config import Config

from ostrdet.errors import InvalidValueError, one_line
from ostrdet.settings import search as search_config
from ostrdet.settings import train as train_config
from ostrdet.settings.stages import stage_configs
from ostrdet.structures.atomic import write_atomically
from ostrdet.studies.file import Study

MARK = 'study.json'
DONE, FAILED, OPEN = 'done', 'failed', 'not run'


@dataclass(frozen=True)
class Run:
    """One run of a study.

    Attributes:
        config: Name of its config in the study.
        overrides: Name of its overrides, '' where there are none.
        seed: Its seed.
        work_dir: Its folder, named after the three.
        tool: 'search' or 'train'.
        arguments: Of that tool.
        epochs: How many it takes at most, in all stages.
        digest: Of the whole config that it runs.
    """

    config: str
    overrides: str
    seed: int
    work_dir: Path
    tool: str
    arguments: tuple[str, ...]
    epochs: int
    digest: str

    @property
    def name(self) -> str:
        """How messages and tables call it."""
        return self.work_dir.name


@dataclass(frozen=True)
class Mark:
    """What a study notes in the work dir of a run that has come to an end.

    Attributes:
        state: 'done' or 'failed'.
        digest: Of the config that ran.
        attempts: How often it was started by the study that ended it.
        message: Why it failed.
    """

    state: str
    digest: str
    attempts: int
    message: str = ''


def plan(study: Study, folder: str | Path) -> list[Run]:
    """The runs of a study, config by config, then by overrides and seeds.

    Every config is read and checked, so that no run fails late for a key that is wrong.

    Raises:
        FileNotFoundError: If a config is missing.
        InvalidValueError: If a config or an override is wrong.
    """
    product = itertools.product(study.configs.items(), study.overrides.items(), study.seeds)
    return [
        _run(study, Path(folder), config, overrides, seed) for config, overrides, seed in product
    ]


def read_mark(run: Run) -> Mark | None:
    """The end that a run came to, or None where it has none with this config."""
    path = run.work_dir / MARK
    try:
        mark = Mark(**json.loads(path.read_text(encoding='utf-8')))
    except (OSError, RecursionError, TypeError, ValueError):
        return None  # not there, or damaged: --resume finds out what is left to do
    return mark if mark.digest == run.digest else None


def write_mark(run: Run, mark: Mark) -> None:
    """Note the end of a run in its work dir."""
    write_atomically(run.work_dir / MARK, json.dumps(asdict(mark)).encode())


def state_of(run: Run) -> str:
    """'done', 'failed' or 'not run'."""
    mark = read_mark(run)
    return OPEN if mark is None else mark.state


def _run(
    study: Study,
    folder: Path,
    config: tuple[str, str],
    overrides: tuple[str, Sequence[str]],
    seed: int,
) -> Run:
    work_dir = folder / f'{"_".join(filter(None, (config[0], overrides[0])))}_s{seed}'
    options = [*study.cfg_options, *overrides[1]]
    try:
        cfg = _load(study, config[1], work_dir, seed, options)
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidValueError(f'{work_dir.name}: {one_line(error)}') from error
    arguments = [config[1], '--work-dir', str(work_dir), '--resume', '--seed', str(seed)]
    for name in ('data_root', 'benchmark', 'genotype'):
        if (value := getattr(study, name)) is not None:
            arguments += [f'--{name.replace("_", "-")}', value]
    if options:
        arguments += ['--cfg-options', *options]
    parts = stage_configs(cfg) if cfg.get('stages') else [cfg]
    return Run(
        config[0],
        overrides[0],
        seed,
        work_dir,
        study.tool,
        tuple(arguments),
        sum(int(part.train_cfg.max_epochs) for part in parts),
        hashlib.sha256(repr(cfg.to_dict()).encode()).hexdigest(),
    )


def _load(study: Study, config: str, work_dir: Path, seed: int, options: Sequence[str]) -> Config:
    """The checked config, as the tool will load it."""
    if study.tool == 'search':
        return search_config.load_config(
            config, work_dir, seed, study.data_root, study.benchmark, None, options
        )
    return train_config.load_config(
        config, study.genotype, work_dir, seed, study.data_root, cfg_options=options
    )
