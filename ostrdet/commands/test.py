"""The command line of ``tools/test.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options

EPILOG = """examples:
  python tools/test.py configs/retrain/darts_c10.py work_dirs/darts_c10/epoch_600.pth
  python tools/test.py work_dirs/darts_c10_mine/darts_c10.py darts_c10_mine-1a2b3c4d.safetensors \\
      --data-root data/cifar10 --out metrics.json
  python tools/test.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py epoch_12.pth \\
      --data-root data/coco

Prints the metrics: accuracies in percent, average precisions of COCO in [0, 1].
Exit status: 0 done, 2 bad input, 3 a file that is damaged or not to be trusted.
"""


def build_parser() -> Parser:
    """The parser of ``tools/test.py``."""
    parser = Parser(
        prog='test.py',
        description='Test a trained classifier or detector on the test set of its config.',
        epilog=EPILOG,
    )
    parser.add_argument(
        'config', metavar='CONFIG', help='config file; the one in the work dir knows the genotype'
    )
    parser.add_argument(
        'checkpoint', metavar='CHECKPOINT', help='checkpoint, or published .safetensors file'
    )
    add_options(
        parser, '--genotype', '--work-dir', '--data-root', '--out', '--cfg-options', '--launcher'
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the test that the command line asks for; returns the exit status."""
    return run_cli(_evaluate, build_parser(), argv)


def _evaluate(args: argparse.Namespace) -> None:
    import_libraries()
    from mmengine.dist import is_main_process

    from ostrdet.apis.evaluate import evaluate

    metrics = evaluate(
        args.config,
        args.checkpoint,
        genotype=args.genotype,
        work_dir=args.work_dir,
        data_root=args.data_root,
        out=args.out,
        cfg_options=args.cfg_options,
        launcher=args.launcher,
    )
    if is_main_process():
        if not metrics:
            print('no box reached model.test_cfg.score_thr, so there is nothing to measure')
        width = max(map(len, metrics), default=0)
        for name, value in metrics.items():
            is_number = isinstance(value, int | float)
            print(f'{name:<{width}}{value:>10.4g}' if is_number else f'{name:<{width}}  {value}')
