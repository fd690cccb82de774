#!/usr/bin/env python
"""Test a trained network: python tools/test.py CONFIG CHECKPOINT [options]; --help lists them."""

import sys

from ostrdet.commands.test import main

if __name__ == '__main__':
    sys.exit(main())
