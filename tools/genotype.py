"""Show, check, compare, convert and measure genotypes: ``python tools/genotype.py --help``."""

import sys

from ostrdet.apis.genotype_cli import main

if __name__ == '__main__':
    sys.exit(main())
