"""What this package changes in its process, in one list."""

from ostrdet.compat.closed_libraries import close_libraries
from ostrdet.compat.packaged_bases import find_packaged_bases
from ostrdet.compat.safe_yaml import read_yaml_safely


def prepare() -> None:
    """Make the changes; a second call changes nothing.

    One more has to be there before mmdet is imported, so importing ostrdet makes it: the finder of
    stand-ins for mmcv's compiled operators.
    """
    # The engine imports mmpretrain, which is not to happen before it is wanted
    from ostrdet.engine.checkpoint.atomic_files import use_atomic_files

    close_libraries()  # no pickle, no eval, no import by a name in a config
    find_packaged_bases()  # _base_ = 'ostrdet::search/NAME.py'
    read_yaml_safely()
    use_atomic_files()  # mmengine's local backend
