"""The operators of mmcv, over the stand-in where nothing is compiled."""

from typing import Any

import pytest

from ostrdet.compat.mmcv_ops import StandInOps, load_mmcv_ops


@pytest.fixture(scope='session')
def ops() -> Any:
    """``mmcv.ops``; a skip where compiled operators would be tested instead of ours."""
    load_mmcv_ops()
    import mmcv
    import mmcv.ops

    if not isinstance(mmcv._ext, StandInOps):
        pytest.skip('compiled operators of mmcv are installed, so ours are not used')
    return mmcv.ops
