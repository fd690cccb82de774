#!/usr/bin/env python
"""Draw what a network finds: python tools/predict.py CONFIG CHECKPOINT IMAGE...; --help lists all."""

import sys

from ostrdet.commands.predict import main

if __name__ == '__main__':
    sys.exit(main())
