"""The command line of ``tools/predict.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options

EPILOG = """examples:
  python tools/predict.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py \\
      work_dirs/retinanet_p-darts_fpn_1x_coco/epoch_12.pth street.jpg garden.jpg
  python tools/predict.py work_dirs/mine/mine.py mine.safetensors photos/*.jpg \\
      --out-dir out --score 0.5

Writes a picture with boxes for each image. Exit status: 0 done, 2 bad input.
"""


def build_parser() -> Parser:
    """The parser of ``tools/predict.py``."""
    parser = Parser(
        prog='predict.py', description='Draw what a detector finds on images.', epilog=EPILOG
    )
    parser.add_argument('config', metavar='CONFIG', help='config file of a detector')
    parser.add_argument(
        'checkpoint', metavar='CHECKPOINT', help='checkpoint, or published .safetensors file'
    )
    parser.add_argument('images', metavar='IMAGE', nargs='+', help='image file')
    parser.add_argument(
        '--out-dir',
        default='predictions',
        metavar='DIR',
        help='folder of the pictures, which have the names of the images; default predictions',
    )
    parser.add_argument(
        '--score',
        type=float,
        default=0.3,
        metavar='S',
        help='least score of a box that is drawn; default 0.3',
    )
    add_options(parser, '--genotype', '--cfg-options')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Draw what the command line asks for; returns the exit status."""
    return run_cli(_predict, build_parser(), argv)


def _predict(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.predict import predict

    pictures = predict(
        args.config,
        args.checkpoint,
        args.images,
        genotype=args.genotype,
        out_dir=args.out_dir,
        score=args.score,
        cfg_options=args.cfg_options,
    )
    for path, boxes in pictures:
        best = ', '.join(f'{name} {score:.2f}' for name, score in boxes[:3])
        print(
            f'{path}: {len(boxes)} boxes'
            + (f' ({best}{", ..." if boxes[3:] else ""})' if boxes else '')
        )
