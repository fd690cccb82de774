"""What is no test: programs that tests start, and the modules beside them that they share."""

import sys
from pathlib import Path

collect_ignore = ['hostile_child.py']
sys.path.append(str(Path(__file__).parent))
