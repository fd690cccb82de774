"""``_base_ = 'ostrdet::search/NAME.py'`` in configs, which mmengine knows of its own libraries only."""

import functools
from collections.abc import Callable

from mmengine.config import Config

from ostrdet.invocation import PREFIX, find_config

Locate = Callable[[str, str], tuple[str, str | None]]


def find_packaged_bases() -> None:
    """Let mmengine find the bases that the package carries; a second call changes nothing.

    They count as files of the reader: mmengine's scope would hide the components of other libraries
    that they name.
    """
    locate = Config._get_cfg_path
    if not hasattr(locate, '__wrapped__'):
        Config._get_cfg_path = staticmethod(_also_packaged(locate))


def _also_packaged(locate: Locate) -> Locate:
    @functools.wraps(locate)
    def find(name: str, filename: str) -> tuple[str, str | None]:
        if name.startswith(PREFIX):
            return str(find_config(name)), None
        return locate(name, filename)

    return find
