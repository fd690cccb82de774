"""The command line of ``tools/export.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options

EPILOG = """examples:
  python tools/export.py work_dirs/darts_c10/darts_c10.py work_dirs/darts_c10/epoch_600.pth \\
      --format onnx
  python tools/export.py mine-1a2b3c4d.py mine-1a2b3c4d.safetensors --format torch --size 225 301

The file maps 'images', (N, 3, H, W) with any N, normalised as the config does, to 'logits'. It is
read again and compared with the network before it gets its name. Exit status: 0 done, 2 bad input,
or other logits.
"""


def build_parser() -> Parser:
    """The parser of ``tools/export.py``."""
    parser = Parser(
        prog='export.py',
        description='Export a trained network to ONNX or torch.export.',
        epilog=EPILOG,
    )
    parser.add_argument(
        'config', metavar='CONFIG', help='config file; the one in the work dir knows the genotype'
    )
    parser.add_argument(
        'checkpoint', metavar='CHECKPOINT', help='checkpoint, or published .safetensors file'
    )
    parser.add_argument(
        '--format',
        required=True,
        choices=('onnx', 'torch'),
        help='onnx: for ONNX Runtime and others (needs onnx, onnxscript, onnxruntime); torch: .pt2 '
        'of torch.export',
    )
    parser.add_argument(
        '--out', metavar='FILE', help='file to write; default CHECKPOINT with .onnx or .pt2'
    )
    parser.add_argument(
        '--size',
        nargs=2,
        type=int,
        metavar=('H', 'W'),
        help="height and width of the images in pixels; default those of the config's test images",
    )
    add_options(parser, '--genotype')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Export what the command line names; returns the exit status."""
    return run_cli(_export, build_parser(), argv)


def _export(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.export import INPUT, OUTPUT, export

    done = export(
        args.config, args.checkpoint, args.format, args.out, args.size, genotype=args.genotype
    )
    height, width = done.size
    print(f'file        {done.path}, {done.path.stat().st_size / 2**20:.1f} MiB')
    print(f'function    {INPUT} (N, 3, {height}, {width}), float32 -> {OUTPUT}')
    print(f'difference  {done.difference:.2g} at most, from the logits of the network')
