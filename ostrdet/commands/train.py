"""The command line of ``tools/train.py``; parses before anything heavy is imported."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import argument, flag
from ostrdet.commands.run_options import RunOptions, genotype

EPILOG = """examples:
  python tools/train.py configs/retrain/darts_c10.py --genotype darts_v2 --data-root data/cifar10
  python tools/train.py configs/retrain/nb201_c10.py \\
      --genotype work_dirs/ostr_nb201_c10/genotype.json --data-root data/cifar10
  python tools/train.py configs/retrain/darts_in1k.py --data-root data/imagenet --amp --resume
  python tools/train.py configs/retrain/darts_c100.py \\
      --cfg-options model.backbone.with_cp=True train_cfg.max_epochs=1200
  python tools/train.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py --data-root data/coco \\
      --cfg-options model.backbone.init_cfg.checkpoint=p-darts.safetensors --auto-scale-lr

The work dir gets checkpoints, run.log, and the config with the genotype in it.
Exit status: 0 done, 2 bad input or a number that is not finite, 3 a file that is damaged or not to
be trusted, 4 no room, no memory or a work dir in use, 129, 130 and 143 stopped with
a checkpoint.
"""


@dataclass(frozen=True, kw_only=True)
class TrainOptions(RunOptions):
    """Options of ``tools/train.py``, which are the arguments of :func:`ostrdet.apis.train.train`."""

    config: str = argument('CONFIG', 'config file, such as configs/retrain/darts_c10.py')
    genotype: str | None = genotype(before='work_dir')
    auto_scale_lr: bool = flag(
        'scale the learning rate with the batch over all processes', before='cfg_options'
    )


def build_parser() -> Parser:
    """The parser of ``tools/train.py``."""
    parser = Parser(
        prog='train.py',
        description='Train a classifier or a detector with the network of a genotype.',
        epilog=EPILOG,
    )
    TrainOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the training that the command line asks for; returns the exit status."""
    return run_cli(_train, build_parser(), argv)


def _train(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.train import train

    train(**vars(TrainOptions.from_args(args)))


if __name__ == '__main__':  # how a study starts its runs, from a wheel too
    sys.exit(main())
