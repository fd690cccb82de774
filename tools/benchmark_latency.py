#!/usr/bin/env python
"""Measure a network's inference: python tools/benchmark_latency.py CONFIG; --help lists options."""

import sys

from ostrdet.apis.benchmark_latency_cli import main

if __name__ == '__main__':
    sys.exit(main())
