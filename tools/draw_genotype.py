#!/usr/bin/env python
"""Draw a genotype: python tools/draw_genotype.py GENOTYPE --out FILE; --help lists options."""

import sys

from ostrdet.commands.draw_genotype import main

if __name__ == '__main__':
    sys.exit(main())
