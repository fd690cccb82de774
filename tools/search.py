#!/usr/bin/env python
"""Search an architecture: python tools/search.py CONFIG [options]; --help lists them."""

import sys

from ostrdet.commands.search import main

if __name__ == '__main__':
    sys.exit(main())
