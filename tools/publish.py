#!/usr/bin/env python
"""Publish a checkpoint: python tools/publish.py CONFIG CHECKPOINT [options]; --help lists them."""

import sys

from ostrdet.commands.publish import main

if __name__ == '__main__':
    sys.exit(main())
