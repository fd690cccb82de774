#!/usr/bin/env python
"""Measure a network's inference: python tools/benchmark_latency.py CONFIG; --help lists options."""

import sys

from ostrdet.commands.benchmark_latency import main

if __name__ == '__main__':
    sys.exit(main())
