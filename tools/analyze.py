#!/usr/bin/env python
"""Analyse searches: python tools/analyze.py COMMAND WORK_DIR... [options]; --help lists them."""

import sys

from ostrdet.commands.analyze import main

if __name__ == '__main__':
    sys.exit(main())
