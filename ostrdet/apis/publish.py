"""A checkpoint as files to share: weights without pickle, genotype, config."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mmengine.config import Config
from mmpretrain.models import ImageClassifier
from safetensors.torch import save
from torch import Tensor, nn

from ostrdet.apis.load_model import AUX, described, image_size, load_trained
from ostrdet.engine.checkpoint import METADATA, SAFETENSORS, read_checkpoint
from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.settings.train import ORIGIN
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Genotype, save_genotype

FORMAT = 'ostrdet.weights'
VERSION = 1
#: What a config says of one run, on one machine.
OF_THE_RUN = ('work_dir', 'experiment_name', 'load_from', 'resume', 'launcher', ORIGIN)


class Published(NamedTuple):
    """The three files of a published network."""

    weights: Path
    config: Path
    genotype: Path


def publish(
    config: str | Path | Config,
    checkpoint: str | Path,
    genotype: str | Path | None = None,
    out_dir: str | Path | None = None,
    name: str | None = None,
    drop_aux: bool = False,
) -> Published:
    """Write ``NAME-HASH.safetensors``, ``.py`` and ``.json``; the same input gives the same files.

    Args:
        config: A config, or its file.
        checkpoint: A checkpoint of the runner.
        genotype: Published name, file or text, instead of the config's.
        out_dir: Folder of the files; that of the checkpoint if None.
        name: First part of their names; that of the config's file if None.
        drop_aux: Whether to leave the auxiliary head out, which only training needs.

    Raises:
        FileNotFoundError: If a file is missing.
        UnknownNameError: If the config has no genotype.
        InvalidValueError: If the checkpoint is damaged or of another architecture, or ``name`` is
            no name of a file.
    """
    cfg, model = load_trained(config, checkpoint, genotype)
    name = _checked(name or Path(cfg.filename or 'network').stem)
    if 'genotype' not in cfg.model.get('backbone', {}):
        raise UnknownNameError(
            'model.backbone of the config has no genotype: it is no derived network'
        )
    for key in OF_THE_RUN:
        cfg.pop(key, None)
    cfg.get('visualizer', {}).pop('name', None)  # of the run, too
    state = model.state_dict()
    if drop_aux and cfg.model.get('head', {}).get('aux') is not None:
        cfg.model.head.aux = None
        state = {key: value for key, value in state.items() if not key.startswith(AUX)}
    cells = get_genotype(cfg.model.backbone.to_dict()['genotype'])
    text = cfg.pretty_text
    told = described(cfg, read_checkpoint(checkpoint), _size(cfg, model))
    weights = _to_bytes(state, text, told)
    stem = f'{name}-{hashlib.sha256(weights).hexdigest()[:8]}'
    return _write(Path(out_dir or Path(checkpoint).parent), stem, weights, cells, text)


def _checked(name: str) -> str:
    if Path(name).name != name or name.startswith('.'):
        raise InvalidValueError(
            f"--name: '{name}' is no name of a file; give the folder by --out-dir"
        )
    return name


def _size(cfg: Config, model: nn.Module) -> tuple[int, int] | None:
    """Height and width of the test images of a classifier; those of a detector have no one size."""
    try:
        return image_size(cfg, model) if isinstance(model, ImageClassifier) else None
    except InvalidValueError:
        return None


def _to_bytes(state: Mapping[str, Tensor], config: str, told: Mapping[str, Any]) -> bytes:
    """The content of the weights' file."""
    metadata = {'format': FORMAT, 'version': VERSION, 'config': config, **told}
    tensors = {key: value.contiguous() for key, value in state.items()}
    return save(tensors, {METADATA: json.dumps(metadata, sort_keys=True)})


def _write(folder: Path, stem: str, weights: bytes, genotype: Genotype, config: str) -> Published:
    """Write all files under temporary names first, then rename them, the weights last."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Published(*(folder / f'{stem}{suffix}' for suffix in (SAFETENSORS, '.py', '.json')))
    provenance = {**genotype.provenance, 'weights': files.weights.name}
    with TemporaryDirectory(prefix='.publish-', dir=folder) as name:
        temporary = Published(*(Path(name) / path.name for path in files))
        temporary.weights.write_bytes(weights)
        temporary.config.write_text(config, encoding='utf-8')
        save_genotype(replace(genotype, provenance=provenance), temporary.genotype)
        for source, target in zip(reversed(temporary), reversed(files), strict=True):
            source.replace(target)
    return files
