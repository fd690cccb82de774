"""The command line of ``tools/export.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import option
from ostrdet.commands.run_options import ModelOptions

EPILOG = """examples:
  python tools/export.py work_dirs/darts_c10/darts_c10.py work_dirs/darts_c10/epoch_600.pth \\
      --format onnx
  python tools/export.py mine-1a2b3c4d.py mine-1a2b3c4d.safetensors --format torch --size 225 301

The file maps 'images', (N, 3, H, W) with any N, normalised as the config does, to 'logits'. It is
read again and compared with the network before it gets its name. Exit status: 0 done, 2 bad input,
or other logits.
"""


@dataclass(frozen=True, kw_only=True)
class ExportOptions(ModelOptions):
    """Options of ``tools/export.py``, which are the arguments of :func:`ostrdet.apis.export.export`."""

    file_format: str = option(
        'onnx: for ONNX Runtime and others (needs onnx, onnxscript, onnxruntime); torch: .pt2 of '
        'torch.export',
        required=True,
        name='--format',
        choices=('onnx', 'torch'),
        before='genotype',
    )
    out: str | None = option(
        'file to write; default CHECKPOINT with .onnx or .pt2', metavar='FILE', before='genotype'
    )
    size: tuple[int, int] | None = option(
        "height and width of the images in pixels; default those of the config's test images",
        nargs=2,
        metavar=('H', 'W'),
        before='genotype',
    )


def build_parser() -> Parser:
    """The parser of ``tools/export.py``."""
    parser = Parser(
        prog='export.py',
        description='Export a trained network to ONNX or torch.export.',
        epilog=EPILOG,
    )
    ExportOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Export what the command line names; returns the exit status."""
    return run_cli(_export, build_parser(), argv)


def _export(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.export import INPUT, OUTPUT, export

    done = export(**vars(ExportOptions.from_args(args)))
    height, width = done.size
    print(f'file        {done.path}, {done.path.stat().st_size / 2**20:.1f} MiB')
    print(f'function    {INPUT} (N, 3, {height}, {width}), float32 -> {OUTPUT}')
    print(f'difference  {done.difference:.2g} at most, from the logits of the network')
