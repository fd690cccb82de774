#!/usr/bin/env python
"""Rehearse a run before it starts: python tools/check.py CONFIG [options]; --help lists them."""

import sys

from ostrdet.commands.check import main

if __name__ == '__main__':
    sys.exit(main())
