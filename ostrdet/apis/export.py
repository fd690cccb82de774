"""A trained classifier as a program of its own: ONNX, or torch.export."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor, nn

from ostrdet.apis.load_model import (
    Logits,
    described,
    image_size,
    lay_out,
    load_trained,
    random_images,
)
from ostrdet.engine.checkpoint import METADATA, read_checkpoint
from ostrdet.errors import InvalidValueError, MissingPackageError, UnknownNameError
from ostrdet.registry import nearest

INPUT, OUTPUT = 'images', 'logits'
#: What the logits of the file may differ by, as a part of the largest logit, or of 1 if that is less.
TOLERANCE = 1e-4
#: Batch sizes of the check; the trace has another.
CHECKED_BATCHES = (1, 3)
TRACED_BATCH = 2

Program = Callable[[Tensor], Tensor]


class Format(NamedTuple):
    """How a format is written and read.

    Attributes:
        suffix: Of its files.
        write: Writes a network, traced with images (N, 3, H, W), to a file, and a text beside it.
        read: Reads a file; gives a function from images to logits.
        packages: What both need besides torch.
    """

    suffix: str
    write: Callable[[nn.Module, Tensor, Path, str], None]
    read: Callable[[Path], Program]
    packages: tuple[str, ...] = ()


class Exported(NamedTuple):
    """The file, height and width of its images in pixels, and how far its logits were off."""

    path: Path
    size: tuple[int, int]
    difference: float


def export(
    config: str | Path | Config,
    checkpoint: str | Path,
    file_format: str,
    out: str | Path | None = None,
    size: tuple[int, int] | None = None,
    genotype: str | Path | None = None,
) -> Exported:
    """Write the logits as a function of normalised images (N, 3, H, W), for any N.

    The file is read again and compared with the network, on random images of two batch sizes. What
    :func:`~ostrdet.apis.load_model.described` tells lies in it as JSON, under the key 'ostrdet'.

    Args:
        config: A config, or its file.
        checkpoint: A checkpoint of the runner, or a published file.
        file_format: 'onnx' or 'torch'.
        out: The file; beside the checkpoint, with its name, if None.
        size: Height and width of the images in pixels; those of the config if None.
        genotype: Published name, file or text, instead of the config's.

    Raises:
        FileNotFoundError: If a file is missing.
        MissingPackageError: If a package for the format is missing.
        UnknownNameError: If the format is unknown; the nearest is offered.
        InvalidTypeError: If the model is no classifier.
        InvalidValueError: If the checkpoint is damaged or of another architecture, the images are
            smaller than the stride of the network, or the logits of the file differ; it is deleted
            then.
    """
    chosen = _format(file_format)
    cfg, model = load_trained(config, checkpoint, genotype)
    height, width = size or image_size(cfg, model)
    told = described(cfg, read_checkpoint(checkpoint), (height, width))
    network = Logits(lay_out(model, torch.contiguous_format))  # a layout is nothing to export
    with torch.no_grad():
        images = random_images(TRACED_BATCH, (height, width))
        network(images)  # what is wrong with the images is said here, and not by a tracer
        path = Path(out) if out else Path(checkpoint).with_suffix(chosen.suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix='.export-', dir=path.parent) as folder:
            temporary = Path(folder) / f'network{chosen.suffix}'
            chosen.write(network, images, temporary, json.dumps(told, sort_keys=True))
            difference = compare(network, chosen.read(temporary), (height, width))
            temporary.replace(path)
    return Exported(path, (height, width), difference)


def compare(network: nn.Module, program: Program, size: tuple[int, int]) -> float:
    """The largest absolute difference between the logits of a network and those of a program.

    Args:
        network: Maps images (N, 3, H, W) to logits (N, num_classes).
        program: What should do the same.
        size: Height and width of the random images, in pixels.

    Raises:
        InvalidValueError: If the difference is larger than float32 explains.
    """
    images = [random_images(batch, size) for batch in CHECKED_BATCHES]
    expected, found = (torch.cat([run(x) for x in images]) for run in (network, program))
    difference = (found - expected).abs().max().item()
    allowed = TOLERANCE * max(1.0, expected.abs().max().item())
    if not difference <= allowed:  # also where one of them is not a number
        raise InvalidValueError(
            f'the logits of the exported file differ from those of the network by {difference:.2g}, '
            f'expected at most {allowed:.2g}; the file was deleted. Try another --format'
        )
    return difference


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UnknownNameError(f"--format: unknown format '{name}'. {nearest(name, FORMATS)}")
    missing = [package for package in FORMATS[name].packages if find_spec(package) is None]
    if missing:
        raise MissingPackageError(
            f'--format {name} needs {", ".join(missing)}: pip install {" ".join(missing)}, or '
            "pip install 'ostrdet[optional]'"
        )
    return FORMATS[name]


def _write_torch(network: nn.Module, images: Tensor, path: Path, told: str) -> None:
    shapes = {INPUT: {0: torch.export.Dim('batch')}}
    program = torch.export.export(network, (images,), dynamic_shapes=shapes)
    torch.export.save(program, path, extra_files={METADATA: told})


def _read_torch(path: Path) -> Program:
    program: Program = torch.export.load(path).module()
    return program


def _write_onnx(network: nn.Module, images: Tensor, path: Path, told: str) -> None:
    program = torch.onnx.export(
        network,
        (images,),
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes={INPUT: {0: 'batch'}},
        dynamo=True,
        verbose=False,
    )
    assert program is not None  # as no file was given
    program.model.metadata_props[METADATA] = told
    program.save(path, external_data=False)


def _read_onnx(path: Path) -> Program:
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=['CPUExecutionProvider'])
    return lambda images: torch.from_numpy(session.run([OUTPUT], {INPUT: images.numpy()})[0])


FORMATS = {
    'onnx': Format('.onnx', _write_onnx, _read_onnx, ('onnx', 'onnxscript', 'onnxruntime')),
    'torch': Format('.pt2', _write_torch, _read_torch),
}
