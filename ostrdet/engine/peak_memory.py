"""The most memory that this process has had."""

import resource
import sys


def resident_peak_mib() -> float:
    """Peak of the resident set in MiB, Python and its libraries included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == 'darwin' else 2**10)  # bytes there, KiB elsewhere
