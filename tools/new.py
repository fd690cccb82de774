#!/usr/bin/env python
"""Begin a project of your own: python tools/new.py DIR; --help tells more."""

import sys

from ostrdet.commands.new import main

if __name__ == '__main__':
    sys.exit(main())
