#!/usr/bin/env python
"""Run configs x overrides x seeds: python tools/study.py STUDY.yaml [options]; see --help."""

import sys

from ostrdet.commands.study import main

if __name__ == '__main__':
    sys.exit(main())
