"""The newest checkpoint of a work dir, found by its name."""

import re
from pathlib import Path

_NAME = re.compile(r'epoch_(\d+)\.pth')


def latest_checkpoint(folder: str | Path) -> Path | None:
    """``epoch_N.pth`` with the highest N, or None.

    The file ``last_checkpoint`` that mmengine writes beside it is not asked: it holds an absolute
    path, and where it is lost mmengine would start from zero.
    """
    found = {
        int(match[1]): path
        for path in Path(folder).glob('epoch_*.pth')
        if (match := _NAME.fullmatch(path.name))
    }
    return found[max(found)] if found else None
