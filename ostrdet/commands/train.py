"""The command line of ``tools/train.py``; parses before anything heavy is imported."""

import argparse
import sys
from collections.abc import Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options

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


def build_parser() -> Parser:
    """The parser of ``tools/train.py``."""
    parser = Parser(
        prog='train.py',
        description='Train a classifier or a detector with the network of a genotype.',
        epilog=EPILOG,
    )
    parser.add_argument(
        'config', metavar='CONFIG', help='config file, such as configs/retrain/darts_c10.py'
    )
    add_options(
        parser,
        '--genotype',
        '--work-dir',
        '--resume',
        '--seed',
        '--data-root',
        '--amp',
        '--auto-scale-lr',
        '--cfg-options',
        '--launcher',
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the training that the command line asks for; returns the exit status."""
    return run_cli(_train, build_parser(), argv)


def _train(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.train import train

    train(
        args.config,
        genotype=args.genotype,
        work_dir=args.work_dir,
        resume=args.resume,
        seed=args.seed,
        data_root=args.data_root,
        amp=args.amp,
        auto_scale_lr=args.auto_scale_lr,
        cfg_options=args.cfg_options,
        launcher=args.launcher,
    )


if __name__ == '__main__':  # how a study starts its runs, from a wheel too
    sys.exit(main())
