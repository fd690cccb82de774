"""Errors that the user can mend, and the exit status of each.

Whatever else is raised is a defect: it keeps its traceback, and ends a command with the status 1.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


class Status(IntEnum):
    """Exit statuses of the commands. A signal adds 128 to its number."""

    DONE = 0
    DEFECT = 1
    BAD_INPUT = 2
    DAMAGED = 3
    NO_RESOURCES = 4


#: What each exit status means; ``docs/errors.md`` and ``ostrdet --help`` say the same.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        f'{Status.DONE:d}': 'done',
        f'{Status.DEFECT:d}': 'a defect, with its traceback',
        f'{Status.BAD_INPUT:d}': 'bad input, or a number that is not finite',
        f'{Status.DAMAGED:d}': 'a file that is damaged, or not to be trusted',
        f'{Status.NO_RESOURCES:d}': 'no resources: disk, memory, or a port or work dir in use',
        '128+n': 'stopped by signal n',
    }
)


class UserError(Exception):
    """What the user can mend: the message names key or file, value, what was expected, and how."""

    exit_status = Status.BAD_INPUT


#: What the user or the system causes.
USER_ERRORS = (UserError, OSError, MemoryError)


class InvalidValueError(UserError, ValueError):
    """A value that is out of its range, or does not fit another one."""


class InvalidTypeError(UserError, TypeError):
    """A value of another type than was expected."""


class UnknownNameError(UserError, KeyError):
    """A key or a name that nothing has; the message offers the nearest."""


class MissingPackageError(UserError, ImportError):
    """A package that is not installed, or has no such part."""


class GenotypeError(UserError, ValueError):
    """A genotype that is malformed, damaged, or does not belong to the space it is used in."""


class NothingSelectedError(UserError, ValueError):
    """Scores that choose no operation at all."""


class NonFiniteError(UserError, FloatingPointError):
    """A loss, a gradient, a score or a tensor of the model is NaN or infinite."""


class DamagedFileError(UserError, ValueError):
    """A file whose content is not what was written, or that nobody should trust."""

    exit_status = Status.DAMAGED


class WorkDirInUseError(UserError, OSError):
    """Another run writes into this work dir."""

    exit_status = Status.NO_RESOURCES


class PortInUseError(UserError, OSError):
    """The processes can't meet, as another program holds their port."""

    exit_status = Status.NO_RESOURCES


class LoaderError(UserError, OSError):
    """A worker of a dataloader is lost, or delivers nothing, for want of something in the system."""

    exit_status = Status.NO_RESOURCES


def one_line(error: BaseException) -> str:
    """The message of ``error`` on one line, without the quotes that ``KeyError`` puts around it.

    Examples:
        >>> one_line(KeyError("unknown layout 'cifar'"))
        "unknown layout 'cifar'"
        >>> one_line(FileNotFoundError(2, 'No such file or directory', 'a.json'))
        'a.json: No such file or directory'
    """
    if isinstance(error, OSError) and error.filename is not None:
        text = f'{error.filename}: {error.strerror}'
    elif isinstance(error, KeyError) and len(error.args) == 1:
        text = str(error.args[0])
    else:
        text = str(error)
    if text.startswith('Caught ') and 'DataLoader worker' in text:
        # Behind the traceback of the worker stands what it raised: "ValueError: message"
        text = text.rstrip().rpartition('\n')[2].partition(': ')[2]
    return ' '.join(text.split()) or type(error).__name__
