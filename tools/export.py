#!/usr/bin/env python
"""Export a trained network: python tools/export.py CONFIG CHECKPOINT --format onnx [options]; --help lists them."""

import sys

from ostrdet.commands.export import main

if __name__ == '__main__':
    sys.exit(main())
