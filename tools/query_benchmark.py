"""Look up the accuracy of a cell in a table: ``python tools/query_benchmark.py --help``."""

import sys

from ostrdet.commands.query_benchmark import main

if __name__ == '__main__':
    sys.exit(main())
