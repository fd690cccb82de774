"""Errors that the user can mend, with the exit status of each."""


class GenotypeError(ValueError):
    """A genotype that is malformed, damaged, or does not belong to the space it is used in."""


class NonFiniteError(FloatingPointError):
    """A loss, a gradient, a score or a tensor of the model is NaN or infinite."""


class DamagedFileError(ValueError):
    """A file whose content is not what was written, or that nobody should trust."""

    exit_status = 3


class WorkDirInUseError(OSError):
    """Another run writes into this work dir."""

    exit_status = 4


class PortInUseError(OSError):
    """The processes can't meet, as another program holds their port."""

    exit_status = 4


class LoaderError(OSError):
    """A worker of a dataloader is lost, or delivers nothing, for want of something in the system."""

    exit_status = 4


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
