"""The command line of ``tools/test.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import option
from ostrdet.commands.run_options import ModelOptions, cfg_options, data_root, launcher, work_dir

EPILOG = """examples:
  python tools/test.py configs/retrain/darts_c10.py work_dirs/darts_c10/epoch_600.pth
  python tools/test.py work_dirs/darts_c10_mine/darts_c10.py darts_c10_mine-1a2b3c4d.safetensors \\
      --data-root data/cifar10 --out metrics.json
  python tools/test.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py epoch_12.pth \\
      --data-root data/coco

Prints the metrics: accuracies in percent, average precisions of COCO in [0, 1].
Exit status: 0 done, 2 bad input, 3 a file that is damaged or not to be trusted.
"""


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ModelOptions):
    """Options of ``tools/test.py``: the arguments of :func:`ostrdet.apis.evaluate.evaluate`."""

    work_dir: str | None = work_dir()
    data_root: str | None = data_root()
    out: str | None = option('JSON file for the metrics', metavar='FILE')
    cfg_options: Sequence[str] = cfg_options()
    launcher: str = launcher()


def build_parser() -> Parser:
    """The parser of ``tools/test.py``."""
    parser = Parser(
        prog='test.py',
        description='Test a trained classifier or detector on the test set of its config.',
        epilog=EPILOG,
    )
    EvaluateOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the test that the command line asks for; returns the exit status."""
    return run_cli(_evaluate, build_parser(), argv)


def _evaluate(args: argparse.Namespace) -> None:
    import_libraries()
    from mmengine.dist import is_main_process

    from ostrdet.apis.evaluate import evaluate

    metrics = evaluate(**vars(EvaluateOptions.from_args(args)))
    if is_main_process():
        if not metrics:
            print('no box reached model.test_cfg.score_thr, so there is nothing to measure')
        width = max(map(len, metrics), default=0)
        for name, value in metrics.items():
            is_number = isinstance(value, int | float)
            print(f'{name:<{width}}{value:>10.4g}' if is_number else f'{name:<{width}}  {value}')
