"""The command line of ``tools/predict.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import argument, option
from ostrdet.commands.run_options import ModelOptions, cfg_options
from ostrdet.structures.atomic import write_csv

EPILOG = """examples:
  python tools/predict.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py \\
      work_dirs/retinanet_p-darts_fpn_1x_coco/epoch_12.pth street.jpg garden.jpg
  python tools/predict.py work_dirs/mine/mine.py mine.safetensors photos/*.jpg \\
      --out-dir out --score 0.5

  python tools/predict.py work_dirs/train/darts_c10-folder.py work_dirs/train/epoch_600.pth cat.jpg

Writes a picture for each image, with the boxes of a detector or the class of a classifier, and
predictions.csv, with image, class and score. Exit status: 0 done, 2 bad input.
"""
#: Classes that a line names.
SHOWN = 3
TABLE, COLUMNS = 'predictions.csv', ('image', 'class', 'score')


@dataclass(frozen=True, kw_only=True)
class PredictOptions(ModelOptions):
    """Options of ``tools/predict.py``: the arguments of :func:`ostrdet.apis.predict.predict`."""

    config: str = argument('CONFIG', 'config file of a detector or a classifier')
    images: Sequence[str] = argument('IMAGE', 'image file', nargs='+')
    out_dir: str = option(
        'folder of the pictures, which have the names of the images; default predictions',
        default='predictions',
        metavar='DIR',
        before='genotype',
    )
    score: float = option(
        'least score of a box that is drawn, for detectors; default 0.3',
        default=0.3,
        metavar='S',
        before='genotype',
    )
    cfg_options: Sequence[str] = cfg_options()


def build_parser() -> Parser:
    """The parser of ``tools/predict.py``."""
    parser = Parser(
        prog='predict.py', description='Draw what a network finds on images.', epilog=EPILOG
    )
    PredictOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Draw what the command line asks for; returns the exit status."""
    return run_cli(_predict, build_parser(), argv)


def _predict(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.predict import predict

    options = PredictOptions.from_args(args)
    rows = []
    for path, found, of_boxes in predict(**vars(options)):
        text = ', '.join(f'{name} {score:.2f}' for name, score in found[:SHOWN])
        text += ', ...' if found[SHOWN:] else ''
        if of_boxes:
            text = f'{len(found)} boxes' + (f' ({text})' if found else '')
        print(f'{path}: {text}')
        rows += [
            {'image': path.name, 'class': name, 'score': f'{score:.6f}'} for name, score in found
        ]
    write_csv(Path(options.out_dir) / TABLE, COLUMNS, rows)
