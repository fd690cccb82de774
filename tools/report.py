#!/usr/bin/env python
"""Make the report page of a search: python tools/report.py WORK_DIR; --help lists options."""

import sys

from ostrdet.commands.report import main

if __name__ == '__main__':
    sys.exit(main())
