"""Show, check, compare, convert and measure genotypes: ``python tools/genotype.py --help``."""

import sys

from ostrdet.commands.genotype import main

if __name__ == '__main__':
    sys.exit(main())
