"""Imports mmpretrain and mmdet without the notes that they print about parts that nobody asked for."""

import importlib
import logging
from collections.abc import Iterable

from ostrdet.quiet import hush, quiet

#: What every run needs.
PARTS = ('mmpretrain.datasets', 'mmpretrain.evaluation')
#: mmpretrain's models, which import those of mmdet.
CLASSIFICATION = (*PARTS, 'mmpretrain.models')
DETECTION = (
    *PARTS,
    'mmdet.datasets',
    'mmdet.engine',
    'mmdet.evaluation',
    'mmdet.models',
    'mmdet.visualization',
)

#: OpenCV's level of errors, for which it has no name in Python.
OPENCV_ERRORS = 2


def import_quietly(modules: Iterable[str] = PARTS) -> None:
    """Import ``modules``; what they print, warn of and log while they are imported is dropped.

    mmpretrain reports missing optional parts (OneDL, compiled operators of mmcv) at import, whoever
    imports it. An error of the import itself is raised as ever.
    """
    import cv2
    from mmengine.logging import MMLogger

    # Its warnings of damaged images name no file, and would stand beside our line, which does
    cv2.setLogLevel(OPENCV_ERRORS)

    logger = MMLogger.get_current_instance()  # made here, so that it keeps the real stderr
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with quiet():
            for module in modules:
                importlib.import_module(module)
    finally:
        logger.setLevel(level)
    hush()
