#!/usr/bin/env python
"""Simulate a baseline on a table: python tools/baseline.py METHOD --table PATH; --help lists options."""

import sys

from ostrdet.commands.baseline import main

if __name__ == '__main__':
    sys.exit(main())
