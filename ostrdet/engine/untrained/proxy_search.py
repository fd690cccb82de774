"""Search without training: draw cells, score their untrained networks, keep the best."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ostrdet.datasets.seeding import hash_seed
from ostrdet.engine.checkpoint import work_dir_lock
from ostrdet.engine.untrained.scoring import scoring_batch, scoring_layout
from ostrdet.errors import InvalidValueError
from ostrdet.evaluation import UnknownCellError, load_table
from ostrdet.evaluation.proxies import Proxy, scores
from ostrdet.records.files import GENOTYPE, SCORES
from ostrdet.registry import PROXIES, build
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.random_genotype import count_genotypes, random_genotype
from ostrdet.structures import Genotype, save_genotype
from ostrdet.structures.genotype_file import load_genotype
from ostrdet.structures.integers import is_integer
from ostrdet.version import __version__

#: Cells between two lines on the console.
INTERVAL = 100


class ProxySearch:
    """Random search by a training-free score (NASWOT's own search, Mellor et al., ICML 2021).

    ``samples`` different cells are drawn; the one of the highest score is kept, of several the first.
    Every network is initialised from the seed of the run, and scored on one batch of the training set.
    ``scores.jsonl`` of the work dir gets a line per cell, from which a search that was cut off goes on.

    Args:
        cfg: A checked config of a search with ``proxy_search``.
        proxy: Config of the score.
        samples: Cells that are drawn, from 1.

    Raises:
        InvalidValueError: If ``samples`` is out of its range, the score needs labels that the images
            lack, or the table holds no cell of the space.
        FileNotFoundError: If data or the table are missing.
    """

    def __init__(self, cfg: Any, proxy: Mapping[str, Any], samples: int = 1000) -> None:
        self.cfg, self.seed, self.samples = cfg, int(cfg.randomness.seed), samples
        self.space: SearchSpace = build_space(cfg.model.supernet.space)
        self.name = str(proxy['type'])
        self.proxy: Proxy = build(PROXIES, proxy)
        _check_samples(samples, count_genotypes(self.space))
        path = cfg.default_hooks.selector.get('benchmark')
        self.table = load_table(path) if path else None
        if self.table is not None:
            self.table.check_space(self.space)
        self.batch = scoring_batch(cfg, self.proxy.batch_size, self.seed)
        self.proxy.check(self.batch, self.name)
        self.layout = scoring_layout(cfg, self.batch.images.shape[-1])
        self.work_dir = Path(cfg.work_dir)
        self._file = self.work_dir / SCORES

    def run(self, resume: bool = False) -> Genotype:
        """Score what is not scored yet, and write ``genotype.json``.

        Args:
            resume: Whether to go on with what the work dir holds.

        Raises:
            FileExistsError: If the work dir holds a search already and ``resume`` is False.
            InvalidValueError: If that search had other settings.
        """
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with work_dir_lock(self.work_dir):
            known = self._known(resume)
            best: tuple[float, Genotype] | None = None
            for number, genotype in enumerate(self.cells(), start=1):
                text = self.space.format(genotype)
                if text not in known:
                    known[text] = self.score(genotype)
                    self._write({'cell': text, 'score': known[text]})
                if best is None or known[text] > best[0]:
                    best = known[text], genotype
                if number % INTERVAL == 0:
                    print(
                        f'{number:,} of {self.samples:,} cells, best score {best[0]:.6g}',
                        flush=True,
                    )
            assert best is not None, 'samples is at least 1'
            return self._keep(*best)

    def cells(self) -> Iterator[Genotype]:
        """The different cells that are drawn, by the seed alone."""
        seen: set[str] = set()
        draw = 0
        while len(seen) < self.samples:
            genotype = random_genotype(self.space, hash_seed(self.seed, draw))
            draw += 1
            if (text := self.space.format(genotype)) not in seen:
                seen.add(text)
                yield genotype

    def score(self, genotype: Genotype) -> float:
        """The score of one cell."""
        found = scores(genotype, {self.name: self.proxy}, self.layout, self.batch, self.seed)
        return found[self.name]

    @property
    def settings(self) -> dict[str, Any]:
        """What a continuation must share; the first line of the file."""
        cfg = self.cfg.to_dict()
        return {
            'proxy': cfg['proxy_search']['proxy'],
            'seed': self.seed,
            'supernet': cfg['model']['supernet'],
            'data': {**cfg['val_dataloader']['dataset'], 'data_root': None},
        }

    def _known(self, resume: bool) -> dict[str, float]:
        """The scores that the work dir holds."""
        if not self._file.exists():
            self._write(self.settings)
            return {}
        if not resume:
            raise FileExistsError(
                f"'{self.work_dir}' holds a search already: give --resume to continue it, or another "
                '--work-dir'
            )
        lines = self._file.read_text(encoding='utf-8').splitlines(keepends=True)
        whole = [line for line in lines if line.endswith('\n')]  # a crash may cut the last one off
        if len(whole) < len(lines):
            self._file.write_text(''.join(whole), encoding='utf-8')
        first, *rest = [json.loads(line) for line in whole] or [None]
        if first != json.loads(json.dumps(self.settings)):
            raise InvalidValueError(
                f"'{self._file}' is of another score, seed, network or data set; give another --work-dir"
            )
        return {line['cell']: float(line['score']) for line in rest}

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._file.open('a', encoding='utf-8') as stream:
            stream.write(json.dumps(line, default=str) + '\n')

    def _accuracies(self, text: str) -> dict[str, float]:
        """What the table says of a cell; of one that it lacks nothing, as in a search that trains."""
        try:
            return {} if self.table is None else self.table.accuracies(text)
        except UnknownCellError as error:
            print(f'warning: {error.args[0]}', flush=True)
            return {}

    def _keep(self, score: float, genotype: Genotype) -> Genotype:
        text = self.space.format(genotype)
        accuracies = self._accuracies(text)
        provenance = {
            'criterion': self.name,
            'score': score if math.isfinite(score) else None,
            'samples': self.samples,
            'seed': self.seed,
            'config': Path(self.cfg.filename or '').name,
            'versions': {'ostrdet': __version__},
            **({'benchmark': accuracies} if accuracies else {}),
        }
        kept = Genotype(genotype.space, genotype.cells, provenance)
        path = self.work_dir / GENOTYPE
        save_genotype(kept, path)
        print(f'best of {self.samples:,} cells by {self.name}, score {score:.6g}: {text}')
        for dataset, accuracy in accuracies.items():
            print(f'{dataset} {accuracy:.2f}')
        print(f'genotype: {path}', flush=True)
        return load_genotype(path)


def _check_samples(samples: Any, size: int) -> None:
    if not is_integer(samples) or not 1 <= samples <= size:
        raise InvalidValueError(
            f'proxy_search.samples={samples!r}, expected 1 to {size}, the cells of the space'
        )
