#!/usr/bin/env python
"""Train the network of a genotype: python tools/train.py CONFIG [options]; --help lists them."""

import sys

from ostrdet.commands.train import main

if __name__ == '__main__':
    sys.exit(main())
